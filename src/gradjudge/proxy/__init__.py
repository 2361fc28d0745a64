"""What a hidden test sees as `student`."""
