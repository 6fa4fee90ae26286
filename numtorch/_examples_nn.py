"""Examples of functions of nn that are made in loops, by name; their texts stand at their loops."""

LOOPED = """
nn.functional.max_pool1d:
    >>> torch.nn.functional.max_pool1d(torch.tensor([[1.0, 5.0, 3.0, 4.0]]), 2)
    tensor([[5., 4.]])
nn.functional.max_pool2d:
    >>> torch.nn.functional.max_pool2d(torch.tensor([[[1.0, 2.0], [6.0, 3.0]]]), 2)
    tensor([[[6.]]])
nn.functional.max_pool3d:
    >>> torch.nn.functional.max_pool3d(torch.zeros(1, 3, 4, 6, 8), 2).shape
    torch.Size([1, 3, 2, 3, 4])
nn.functional.max_pool1d_with_indices:
    >>> torch.nn.functional.max_pool1d_with_indices(torch.tensor([[1.0, 5.0, 3.0, 4.0]]), 2)
    (tensor([[5., 4.]]), tensor([[1, 3]]))
nn.functional.max_pool2d_with_indices:
    >>> torch.nn.functional.max_pool2d_with_indices(torch.tensor([[[1.0, 2.0], [6.0, 3.0]]]), 2)
    (tensor([[[6.]]]), tensor([[[2]]]))
nn.functional.max_pool3d_with_indices:
    >>> torch.nn.functional.max_pool3d_with_indices(torch.zeros(1, 3, 4, 6, 8), 2)[1].shape
    torch.Size([1, 3, 2, 3, 4])
nn.functional.adaptive_max_pool1d:
    >>> torch.nn.functional.adaptive_max_pool1d(torch.zeros(1, 3, 7), 2).shape
    torch.Size([1, 3, 2])
nn.functional.adaptive_max_pool2d:
    >>> torch.nn.functional.adaptive_max_pool2d(torch.zeros(1, 3, 8, 9), (4, None)).shape
    torch.Size([1, 3, 4, 9])
nn.functional.adaptive_max_pool3d:
    >>> torch.nn.functional.adaptive_max_pool3d(torch.zeros(1, 3, 5, 6, 7), 2).shape
    torch.Size([1, 3, 2, 2, 2])
nn.functional.adaptive_max_pool1d_with_indices:
    >>> torch.nn.functional.adaptive_max_pool1d_with_indices(torch.zeros(1, 3, 7), 2)[1].shape
    torch.Size([1, 3, 2])
nn.functional.adaptive_max_pool2d_with_indices:
    >>> torch.nn.functional.adaptive_max_pool2d_with_indices(torch.zeros(1, 3, 8, 9), 2)[1].shape
    torch.Size([1, 3, 2, 2])
nn.functional.adaptive_max_pool3d_with_indices:
    >>> torch.nn.functional.adaptive_max_pool3d_with_indices(torch.zeros(1, 3, 5, 6, 7), 2)[1].shape
    torch.Size([1, 3, 2, 2, 2])
nn.functional.lp_pool1d:
    >>> torch.nn.functional.lp_pool1d(torch.zeros(1, 3, 8), 2, kernel_size=2).shape
    torch.Size([1, 3, 4])
nn.functional.lp_pool2d:
    >>> torch.nn.functional.lp_pool2d(torch.zeros(1, 3, 6, 8), 2, kernel_size=2).shape
    torch.Size([1, 3, 3, 4])
nn.functional.lp_pool3d:
    >>> torch.nn.functional.lp_pool3d(torch.zeros(1, 3, 4, 6, 8), 2, kernel_size=2).shape
    torch.Size([1, 3, 2, 3, 4])
nn.functional.max_unpool1d:
    >>> pooled = torch.nn.functional.max_pool1d(torch.zeros(1, 3, 8), 2, return_indices=True)
    >>> torch.nn.functional.max_unpool1d(*pooled, 2).shape
    torch.Size([1, 3, 8])
nn.functional.max_unpool2d:
    >>> pooled = torch.nn.functional.max_pool2d(torch.zeros(1, 3, 6, 8), 2, return_indices=True)
    >>> torch.nn.functional.max_unpool2d(*pooled, 2).shape
    torch.Size([1, 3, 6, 8])
nn.functional.max_unpool3d:
    >>> pooled = torch.nn.functional.max_pool3d(torch.zeros(1, 3, 4, 6, 8), 2, return_indices=True)
    >>> torch.nn.functional.max_unpool3d(*pooled, 2).shape
    torch.Size([1, 3, 4, 6, 8])
nn.functional.fractional_max_pool2d:
    >>> x = torch.zeros(1, 3, 9, 8)
    >>> torch.nn.functional.fractional_max_pool2d(x, 2, output_size=(5, 3)).shape
    torch.Size([1, 3, 5, 3])
nn.functional.fractional_max_pool3d:
    >>> x = torch.zeros(1, 3, 8, 8, 8)
    >>> torch.nn.functional.fractional_max_pool3d(x, 2, output_size=3).shape
    torch.Size([1, 3, 3, 3, 3])
nn.functional.fractional_max_pool2d_with_indices:
    >>> pool = torch.nn.functional.fractional_max_pool2d_with_indices
    >>> pool(torch.zeros(1, 3, 9, 8), 2, output_size=(5, 3))[1].shape
    torch.Size([1, 3, 5, 3])
nn.functional.fractional_max_pool3d_with_indices:
    >>> pool = torch.nn.functional.fractional_max_pool3d_with_indices
    >>> pool(torch.zeros(1, 3, 8, 8, 8), 2, output_size=3)[1].shape
    torch.Size([1, 3, 3, 3, 3])
nn.functional.celu_:
    >>> torch.nn.functional.celu_(torch.tensor([-2.0, 0.0, 3.0]), alpha=2.0)
    tensor([-1.2642,  0.0000,  3.0000])
nn.functional.elu_:
    >>> torch.nn.functional.elu_(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-0.8647,  0.0000,  3.0000])
nn.functional.hardtanh_:
    >>> torch.nn.functional.hardtanh_(torch.tensor([-2.0, 0.5, 3.0]), -1.0, 2.0)
    tensor([-1.0000,  0.5000,  2.0000])
nn.functional.leaky_relu_:
    >>> torch.nn.functional.leaky_relu_(torch.tensor([-2.0, 0.0, 3.0]), 0.1)
    tensor([-0.2000,  0.0000,  3.0000])
nn.functional.rrelu_:
    >>> torch.nn.functional.rrelu_(torch.tensor([-2.0, 0.0, 3.0]), 0.1, 0.3)
    tensor([-0.4000,  0.0000,  3.0000])
nn.functional.selu_:
    >>> torch.nn.functional.selu_(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-1.5202,  0.0000,  3.1521])
nn.functional.threshold_:
    >>> torch.nn.functional.threshold_(torch.tensor([-2.0, 0.0, 3.0]), 1.0, 20.0)
    tensor([20., 20.,  3.])
nn.init.uniform:
    >>> torch.nn.init.uniform(torch.empty(3), 5, 5)
    tensor([5., 5., 5.])
nn.init.normal:
    >>> torch.nn.init.normal(torch.empty(3), 5, 0)
    tensor([5., 5., 5.])
nn.init.constant:
    >>> torch.nn.init.constant(torch.empty(3), 5)
    tensor([5., 5., 5.])
nn.init.eye:
    >>> torch.nn.init.eye(torch.empty(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
nn.init.dirac:
    >>> torch.nn.init.dirac(torch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
nn.init.orthogonal:
    >>> torch.nn.init.orthogonal(torch.empty(1, 1)).abs()
    tensor([[1.]])
nn.init.sparse:
    >>> torch.nn.init.sparse(torch.empty(10, 4), sparsity=1.0).count_nonzero()
    tensor(0)
nn.init.xavier_uniform:
    >>> torch.nn.init.xavier_uniform(torch.empty(3, 5)).shape
    torch.Size([3, 5])
nn.init.xavier_normal:
    >>> torch.nn.init.xavier_normal(torch.empty(3, 5)).shape
    torch.Size([3, 5])
nn.init.kaiming_uniform:
    >>> torch.nn.init.kaiming_uniform(torch.empty(3, 5)).shape
    torch.Size([3, 5])
nn.init.kaiming_normal:
    >>> torch.nn.init.kaiming_normal(torch.empty(3, 5)).shape
    torch.Size([3, 5])
"""
