# opaque over []: gemm

# map over [6 x 4]: tanh, mul, sub, mul

# opaque over []: gemm

# map over [8 x 4]: mul, sub, copy

# gemm [gemm]
# native micro-kernel

# tanh_mul_sub [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    p1 = ptr(args, 1, 'f32')
    for i in range(begin, end):
        x1 = p0[i]
        v2 = tanh_f32(x1)
        v3 = v2 * v2
        v4 = f32(1.0) - v3
        v5 = f32(1.0) * v4
        p1[i] = v5

# gemm [gemm]
# native micro-kernel

# mul_sub [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    s0 = arg_f64(args, 1)
    p1 = ptr(args, 2, 'f32')
    for i in range(begin, end):
        x1 = p0[i]
        x2 = p1[i]
        v3 = f32(s0) * x2
        v4 = x1 - v3
        v5 = v4
        p0[i] = v5
