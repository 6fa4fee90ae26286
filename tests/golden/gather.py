# map over [3 x 8]: gather, mul

# gather_mul [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    n1 = arg_i64(args, 2)
    p1 = ptr(args, 3, 'i64')
    c0 = arg_i64(args, 4)
    p2 = ptr(args, 5, 'f32')
    s0 = arg_i64(args, 6)
    p3 = ptr(args, 7, 'f32')
    lo3 = 0
    hi4 = -1
    for r in range(begin, end):
        b7 = r * n0
        for i in range(n0):
            x1 = p0[r]
            j2 = x1
            lo3 = minimum(lo3, j2)
            hi4 = maximum(hi4, j2)
            j2 = select(j2 < 0, j2 + n1, j2)
            j2 = select((j2 < 0) | (j2 >= n1), 0, j2)
            v5 = p2[i + j2 * n0]
            v6 = v5 * f32(s0)
            p3[b7 + i] = v6
    if (lo3 < -n1) | (hi4 >= n1):
        p1[0] = c0
        p1[1] = select(lo3 < -n1, lo3, hi4)
