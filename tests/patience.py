"""How long tests wait for what another process or thread does."""

#: Seconds after which what has not ended is taken to wait for ever: far more than anything in the
#: tests takes, on a busy machine or an emulated one too.
PATIENCE = 600
