"""Tests of the schedule, run by a real Airflow."""
