"""The game inside Telegram: a chat with the bot, and the web game as a Mini App. No rule lives here.

`client` speaks to the Bot API; `incoming` is an update in our words; `bot` takes one update at a time from a
chat; `joining`, `playing`, `leaving`, `refereeing`, `scores` and `asides` answer it, `showing` sends
pictures, answers and ends; `watch` tells when to look at the time; `outbox` sends notices; `polling` and
`webhook` bring updates; `initdata` and `miniapp` let the web game in. What the conversation remembers is one
row in the database (`state`), so a bot that is killed goes on where it was.
"""
