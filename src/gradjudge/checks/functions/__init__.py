"""The battery for a ``torch.autograd.Function``, and for gradients worked out by hand."""
