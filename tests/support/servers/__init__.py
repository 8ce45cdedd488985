"""Servers that tests run against: started on loopback, or speaking as the real ones do."""
