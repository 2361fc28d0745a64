"""What a course is: ``grading.toml``, where everything lies, and what students hand in."""
