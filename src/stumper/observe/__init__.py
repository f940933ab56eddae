"""What an operator sees of a running Stumper: log lines, numbers and traces. No rule of the game lives here.

`logs` writes lines, `metrics` names every number that a process counts itself, `traces` follows a move
through web, worker and model; `requests` does all three for every HTTP request, `work` for moves, model
calls and jobs. Numbers that only the database knows are read in `stumper.monitoring` when somebody asks for
them.
"""
