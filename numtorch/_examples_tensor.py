"""Examples of attributes and casts of Tensor that are made in loops."""

LOOPED = """
Tensor.bfloat16:
    >>> torch.tensor([1.5, 2.5]).bfloat16()
    tensor([1.5000, 2.5000], dtype=torch.bfloat16)
Tensor.bool:
    >>> torch.tensor([0, 1, 2]).bool()
    tensor([False,  True,  True])
Tensor.byte:
    >>> torch.tensor([1, 255, 256]).byte()
    tensor([  1, 255,   0], dtype=torch.uint8)
Tensor.cdouble:
    >>> torch.tensor([1, 2]).cdouble()
    tensor([1.+0.j, 2.+0.j], dtype=torch.complex128)
Tensor.cfloat:
    >>> torch.tensor([1, 2]).cfloat()
    tensor([1.+0.j, 2.+0.j])
Tensor.chalf:
    >>> torch.zeros(2).chalf().dtype
    torch.complex32
Tensor.char:
    >>> torch.tensor([1, 127, 128]).char()
    tensor([   1,  127, -128], dtype=torch.int8)
Tensor.double:
    >>> torch.tensor([1, 2]).double()
    tensor([1., 2.], dtype=torch.float64)
Tensor.float:
    >>> torch.tensor([1, 2]).float()
    tensor([1., 2.])
Tensor.half:
    >>> torch.tensor([1, 2]).half()
    tensor([1., 2.], dtype=torch.float16)
Tensor.int:
    >>> torch.tensor([1.5, -2.5]).int()
    tensor([ 1, -2], dtype=torch.int32)
Tensor.long:
    >>> torch.tensor([1.5, -2.5]).long()
    tensor([ 1, -2])
Tensor.short:
    >>> torch.tensor([1.5, -2.5]).short()
    tensor([ 1, -2], dtype=torch.int16)
Tensor.is_cuda:
    >>> torch.zeros(2).is_cuda
    False
Tensor.is_sparse:
    >>> torch.zeros(2).is_sparse, torch.zeros(2).to_sparse().is_sparse
    (False, True)
Tensor.is_quantized:
    >>> torch.zeros(2).is_quantized
    False
Tensor.is_meta:
    >>> torch.zeros(2).is_meta
    False
Tensor.is_mkldnn:
    >>> torch.zeros(2).is_mkldnn
    False
Tensor.is_mps:
    >>> torch.zeros(2).is_mps
    False
Tensor.is_xpu:
    >>> torch.zeros(2).is_xpu
    False
Tensor.is_nested:
    >>> torch.zeros(2).is_nested
    False
Tensor.is_sparse_csr:
    >>> torch.zeros(2).is_sparse_csr, torch.zeros(2, 2).to_sparse_csr().is_sparse_csr
    (False, True)
Tensor.is_ipu:
    >>> torch.zeros(2).is_ipu
    False
Tensor.is_maia:
    >>> torch.zeros(2).is_maia
    False
Tensor.is_vulkan:
    >>> torch.zeros(2).is_vulkan
    False
Tensor.is_xla:
    >>> torch.zeros(2).is_xla
    False
Tensor.is_mtia:
    >>> torch.zeros(2).is_mtia
    False
Tensor.is_cpu:
    >>> torch.zeros(2).is_cpu
    True
Tensor.coalesce:
    >>> x = torch.sparse_coo_tensor([[0, 0, 2]], [1, 2, 3], (3,))
    >>> x.coalesce().values()
    tensor([3, 3])
Tensor.col_indices:
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse_csr().col_indices()
    tensor([1, 0])
Tensor.crow_indices:
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse_csr().crow_indices()
    tensor([0, 1, 2])
Tensor.dense_dim:
    >>> torch.zeros(2, 3).to_sparse().dense_dim()
    0
Tensor.indices:
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse().indices()
    tensor([[0, 1],
            [1, 0]])
Tensor.is_coalesced:
    >>> torch.sparse_coo_tensor([[0, 0, 2]], [1, 2, 3], (3,)).is_coalesced()
    False
Tensor.sparse_dim:
    >>> torch.zeros(2, 3).to_sparse().sparse_dim()
    2
Tensor.values:
    >>> torch.tensor([[0, 1], [2, 0]]).to_sparse().values()
    tensor([1, 2])
Tensor.layout:
    >>> torch.zeros(2).layout, torch.zeros(2).to_sparse().layout
    (torch.strided, torch.sparse_coo)
Tensor.output_nr:
    >>> (torch.tensor([1.0, 2.0], requires_grad=True) * 2).output_nr
    0
"""
