import unittest
#right


class TestDouble(unittest.TestCase):
    def test_double(self):
        self.assertEqual(double(2), 4)


unittest.main()
