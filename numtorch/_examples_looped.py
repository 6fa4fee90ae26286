"""Examples of functions that are made in loops, by name; their texts stand at their loops."""

LOOPED = """
transpose:
    >>> torch.transpose(torch.tensor([[1, 2, 3], [4, 5, 6]]), 0, 1)
    tensor([[1, 4],
            [2, 5],
            [3, 6]])
swapaxes:
    >>> torch.swapaxes(torch.zeros(2, 3, 5), 0, 2).shape
    torch.Size([5, 3, 2])
zeros:
    >>> torch.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
ones:
    >>> torch.ones(2, 3, dtype=torch.int64)
    tensor([[1, 1, 1],
            [1, 1, 1]])
zeros_like:
    >>> torch.zeros_like(torch.tensor([1, 2, 3]))
    tensor([0, 0, 0])
ones_like:
    >>> torch.ones_like(torch.tensor([1.5, 2.5, 3.5]), dtype=torch.bool)
    tensor([True, True, True])
empty_like:
    >>> torch.empty_like(torch.zeros(2, 3).T).stride()
    (1, 3)
new_zeros:
    >>> torch.tensor([1, 2]).new_zeros(3)
    tensor([0, 0, 0])
new_ones:
    >>> torch.tensor([1, 2]).new_ones(3)
    tensor([1, 1, 1])
new_empty:
    >>> torch.tensor([1, 2]).new_empty(2, 3).dtype
    torch.int64
tril:
    >>> torch.tril(torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    tensor([[1, 0, 0],
            [4, 5, 0],
            [7, 8, 9]])
triu:
    >>> torch.triu(torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), diagonal=1)
    tensor([[0, 2, 3],
            [0, 0, 6],
            [0, 0, 0]])
tril_indices:
    >>> torch.tril_indices(2, 3)
    tensor([[0, 1, 1],
            [0, 0, 1]])
triu_indices:
    >>> torch.triu_indices(2, 3)
    tensor([[0, 0, 0, 1, 1],
            [0, 1, 2, 1, 2]])
any:
    >>> torch.any(torch.tensor([[0, 1], [0, 0]]), dim=1)
    tensor([ True, False])
all:
    >>> torch.all(torch.tensor([[1, 2], [3, 0]]), dim=1)
    tensor([ True, False])
argmax:
    >>> torch.argmax(torch.tensor([[1, 7, 3], [9, 5, 6]]), dim=1)
    tensor([1, 0])
argmin:
    >>> torch.argmin(torch.tensor([[1, 7, 3], [9, 5, 6]]), dim=1)
    tensor([0, 1])
max:
    >>> values, indices = torch.max(torch.tensor([[1, 7, 3], [9, 5, 6]]), dim=1)
    >>> values, indices
    (tensor([7, 9]), tensor([1, 0]))
min:
    >>> values, indices = torch.min(torch.tensor([[1, 7, 3], [9, 5, 6]]), dim=1)
    >>> values, indices
    (tensor([1, 5]), tensor([0, 1]))
var:
    >>> x = torch.tensor([1.0, 2.0, 6.0])
    >>> torch.var(x), torch.var(x, correction=0)
    (tensor(7.), tensor(4.6667))
std:
    >>> torch.std(torch.tensor([[1.0, 2.0, 3.0], [1.0, 5.0, 9.0]]), dim=1)
    tensor([1., 4.])
var_mean:
    >>> torch.var_mean(torch.tensor([1.0, 2.0, 6.0]))
    (tensor(7.), tensor(3.))
std_mean:
    >>> torch.std_mean(torch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
rand:
    >>> torch.rand(2, 3).shape
    torch.Size([2, 3])
randn:
    >>> generator = torch.Generator().manual_seed(0)
    >>> x = torch.randn(3, generator=generator)
    >>> torch.equal(x, torch.randn(3, generator=generator.manual_seed(0)))
    True
rand_like:
    >>> torch.rand_like(torch.zeros(2, 3, dtype=torch.float64)).dtype
    torch.float64
randn_like:
    >>> torch.randn_like(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
uniform_:
    >>> x = torch.empty(3).uniform_(5, 6)
    >>> bool((x >= 5).all()), bool((x <= 6).all())
    (True, True)
normal_:
    >>> torch.zeros(2, 3).normal_(mean=1.0, std=0.5).shape
    torch.Size([2, 3])
exponential_:
    >>> bool((torch.empty(3).exponential_(lambd=2.0) > 0).all())
    True
geometric_:
    >>> bool((torch.empty(3).geometric_(0.5) >= 1).all())
    True
cauchy_:
    >>> torch.empty(3).cauchy_(median=1.0).isfinite()
    tensor([True, True, True])
log_normal_:
    >>> bool((torch.empty(3).log_normal_() > 0).all())
    True
bernoulli_:
    >>> torch.empty(3).bernoulli_(1.0)
    tensor([1., 1., 1.])
random_:
    >>> torch.empty(3, dtype=torch.int64).random_(7, 8)
    tensor([7, 7, 7])
trapezoid:
    >>> torch.trapezoid(torch.tensor([1.0, 5.0, 10.0]), torch.tensor([1.0, 3.0, 6.0]))
    tensor(28.5000)
trapz:
    >>> torch.trapz(torch.tensor([1.0, 5.0, 10.0]), dx=2)
    tensor(21.)
cumulative_trapezoid:
    >>> torch.cumulative_trapezoid(torch.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
median:
    >>> torch.median(torch.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
nanmedian:
    >>> torch.nanmedian(torch.tensor([4.0, torch.nan, 3.0]))
    tensor(3.)
quantile:
    >>> torch.quantile(torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.tensor([0.25, 0.5]))
    tensor([0.7500, 1.5000])
nanquantile:
    >>> torch.nanquantile(torch.tensor([torch.nan, 1.0, 2.0]), 0.5)
    tensor(1.5000)
split_with_sizes:
    >>> torch.split_with_sizes(torch.tensor([1, 2, 3, 4]), [1, 3])
    (tensor([1]), tensor([2, 3, 4]))
unsafe_split_with_sizes:
    >>> torch.unsafe_split_with_sizes(torch.tensor([1, 2, 3, 4]), [3, 1])
    (tensor([1, 2, 3]), tensor([4]))
hsplit:
    >>> torch.hsplit(torch.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1],
            [3]]), tensor([[2],
            [4]]))
vsplit:
    >>> torch.vsplit(torch.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1, 2]]), tensor([[3, 4]]))
dsplit:
    >>> [part.shape for part in torch.dsplit(torch.zeros(2, 3, 5), [1, 4])]
    [torch.Size([2, 3, 1]), torch.Size([2, 3, 3]), torch.Size([2, 3, 1])]
squeeze_copy:
    >>> torch.squeeze_copy(torch.tensor([[1, 2, 3]]))
    tensor([1, 2, 3])
unsqueeze_copy:
    >>> torch.unsqueeze_copy(torch.tensor([1, 2, 3]), 1).shape
    torch.Size([3, 1])
permute_copy:
    >>> torch.permute_copy(torch.zeros(2, 3, 5), (2, 0, 1)).shape
    torch.Size([5, 2, 3])
view_as_real_copy:
    >>> torch.view_as_real_copy(torch.tensor([1 + 2j]))
    tensor([[1., 2.]])
view_as_complex_copy:
    >>> torch.view_as_complex_copy(torch.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
t_copy:
    >>> torch.t_copy(torch.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
transpose_copy:
    >>> torch.transpose_copy(torch.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])
expand_copy:
    >>> torch.expand_copy(torch.tensor([1, 2, 3]), (2, 3))
    tensor([[1, 2, 3],
            [1, 2, 3]])
view_copy:
    >>> x = torch.zeros(4)
    >>> y = torch.view_copy(x, (2, 2)).fill_(1)
    >>> x
    tensor([0., 0., 0., 0.])
narrow_copy:
    >>> torch.narrow_copy(torch.tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
select_copy:
    >>> torch.select_copy(torch.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([3, 4])
unbind_copy:
    >>> torch.unbind_copy(torch.tensor([[1, 2], [3, 4]]), 1)
    (tensor([1, 3]), tensor([2, 4]))
diagonal_copy:
    >>> torch.diagonal_copy(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
as_strided_copy:
    >>> torch.as_strided_copy(torch.tensor([1, 2, 3]), (2, 2), (1, 1))
    tensor([[1, 2],
            [2, 3]])
unfold_copy:
    >>> torch.unfold_copy(torch.tensor([1, 2, 3]), 0, 2, 1)
    tensor([[1, 2],
            [2, 3]])
split_copy:
    >>> torch.split_copy(torch.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
split_with_sizes_copy:
    >>> torch.split_with_sizes_copy(torch.tensor([1, 2, 3]), [1, 2])
    (tensor([1]), tensor([2, 3]))
detach_copy:
    >>> torch.detach_copy(torch.tensor([1, 2, 3]))
    tensor([1, 2, 3])
slice_copy:
    >>> torch.slice_copy(torch.tensor([1, 2, 3, 4]), 0, 1, 4, 2)
    tensor([2, 4])
signal.windows.bartlett:
    >>> torch.signal.windows.bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
signal.windows.blackman:
    >>> torch.signal.windows.blackman(5)[1:4]
    tensor([0.3400, 1.0000, 0.3400])
signal.windows.cosine:
    >>> torch.signal.windows.cosine(5)
    tensor([0.3090, 0.8090, 1.0000, 0.8090, 0.3090])
signal.windows.exponential:
    >>> torch.signal.windows.exponential(5, tau=1.0)
    tensor([0.1353, 0.3679, 1.0000, 0.3679, 0.1353])
signal.windows.gaussian:
    >>> torch.signal.windows.gaussian(5, std=1.0)
    tensor([0.1353, 0.6065, 1.0000, 0.6065, 0.1353])
signal.windows.general_cosine:
    >>> torch.signal.windows.general_cosine(5, a=[0.5, 0.5])
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
signal.windows.general_hamming:
    >>> torch.signal.windows.general_hamming(5, alpha=0.6)
    tensor([0.2000, 0.6000, 1.0000, 0.6000, 0.2000])
signal.windows.hamming:
    >>> torch.signal.windows.hamming(5)
    tensor([0.0800, 0.5400, 1.0000, 0.5400, 0.0800])
signal.windows.hann:
    >>> torch.signal.windows.hann(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
signal.windows.kaiser:
    >>> torch.signal.windows.kaiser(5, beta=4.0)
    tensor([0.0885, 0.6334, 1.0000, 0.6334, 0.0885])
signal.windows.nuttall:
    >>> torch.signal.windows.nuttall(5)
    tensor([3.6280e-04, 2.2698e-01, 1.0000e+00, 2.2698e-01, 3.6280e-04])
hann_window:
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
hamming_window:
    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
blackman_window:
    >>> torch.blackman_window(5, periodic=False)[1:4]
    tensor([0.3400, 1.0000, 0.3400])
bartlett_window:
    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
kaiser_window:
    >>> torch.kaiser_window(4, True, 4.0)
    tensor([0.0885, 0.6334, 1.0000, 0.6334])
fft.fft:
    >>> torch.fft.fft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])
fft.ifft:
    >>> torch.fft.ifft(torch.tensor([10 + 0j, -2 + 2j, -2 + 0j, -2 - 2j]))
    tensor([1.+0.j, 2.+0.j, 3.+0.j, 4.+0.j])
fft.rfft:
    >>> torch.fft.rfft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j])
fft.irfft:
    >>> torch.fft.irfft(torch.tensor([10 + 0j, -2 + 2j, -2 + 0j]))
    tensor([1., 2., 3., 4.])
fft.hfft:
    >>> torch.fft.hfft(torch.tensor([1 + 0j, 1j, 0j]))
    tensor([ 1.,  3.,  1., -1.])
fft.ihfft:
    >>> torch.fft.ihfft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([ 2.5000-0.0000j, -0.5000-0.5000j, -0.5000-0.0000j])
fft.fft2:
    >>> torch.fft.fft2(torch.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
fft.ifft2:
    >>> torch.fft.ifft2(torch.tensor([[4 + 0j, 0j], [0j, 4 + 0j]]))
    tensor([[2.+0.j, 0.+0.j],
            [0.+0.j, 2.+0.j]])
fft.rfft2:
    >>> torch.fft.rfft2(torch.zeros(4, 6)).shape
    torch.Size([4, 4])
fft.irfft2:
    >>> torch.fft.irfft2(torch.zeros(4, 4, dtype=torch.complex64)).shape
    torch.Size([4, 6])
fft.hfft2:
    >>> torch.fft.hfft2(torch.zeros(4, 4, dtype=torch.complex64)).dtype
    torch.float32
fft.ihfft2:
    >>> torch.fft.ihfft2(torch.zeros(4, 6)).shape
    torch.Size([4, 4])
fft.fftn:
    >>> torch.fft.fftn(torch.zeros(2, 3, 4), s=(8, 8)).shape
    torch.Size([2, 8, 8])
fft.ifftn:
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.fft.ifftn(torch.fft.fftn(x)).real
    tensor([[1., 2.],
            [3., 4.]])
fft.rfftn:
    >>> torch.fft.rfftn(torch.zeros(2, 4, 6)).shape
    torch.Size([2, 4, 4])
fft.irfftn:
    >>> torch.fft.irfftn(torch.zeros(2, 4, 4, dtype=torch.complex64), s=(4, 7)).shape
    torch.Size([2, 4, 7])
fft.hfftn:
    >>> torch.fft.hfftn(torch.zeros(2, 3, dtype=torch.complex64)).shape
    torch.Size([2, 4])
fft.ihfftn:
    >>> torch.fft.ihfftn(torch.zeros(2, 4)).shape
    torch.Size([2, 3])
atleast_1d:
    >>> torch.atleast_1d(torch.tensor(5)).shape
    torch.Size([1])
atleast_2d:
    >>> torch.atleast_2d(torch.tensor([1, 2, 3])).shape
    torch.Size([1, 3])
atleast_3d:
    >>> torch.atleast_3d(torch.tensor([1, 2, 3])).shape
    torch.Size([1, 3, 1])
"""
