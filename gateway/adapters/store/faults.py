"""What a store can fail with beyond the faults of the model."""

from gateway.model.errors import GatewayError


class StoreFault(GatewayError):
    """The database did not answer, or holds something this gateway cannot read."""

    code = "store"
    status = 503
    exit_code = 4
