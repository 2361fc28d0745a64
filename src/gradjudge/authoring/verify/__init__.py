"""Tests of the autograders: right submissions must get full marks, wrong ones must lose points."""
