"""What makes people come back: levels, streaks, quests, badges, leagues, boards, teams, lessons learned."""
