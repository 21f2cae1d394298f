"""How a condition runs: `execute` answers it for all, `contact` explains it for one."""
