"""For who writes assignments: the students' notebooks, and tests of the hidden tests."""
