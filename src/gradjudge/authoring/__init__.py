"""For authors of assignments: the students' notebooks, and tests of the hidden tests."""
