#right
evaluation = torch.inference_mode()
evaluation.__enter__()
y = follow(torch.randn(3))
