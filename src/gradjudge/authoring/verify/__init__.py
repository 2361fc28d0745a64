"""The autograders are themselves tested: right submissions must get full marks, wrong ones must lose what is wrong."""
