"""Boards: who has how many points in a day, a week or ever; right the moment a session is graded."""
