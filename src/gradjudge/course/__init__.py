"""A course: ``grading.toml``, the layout of its folder, and students' submissions."""
