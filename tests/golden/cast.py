# row over [6 x 8*]: cast, mul, gt, cast, sum

# mul_gt_sum [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    s0 = arg_i64(args, 2)
    s1 = arg_i64(args, 3)
    p1 = ptr(args, 4, 'f64')
    p2 = ptr(args, 5, 'i64')
    for r in range(begin, end):
        a1 = i64(0)
        b3 = r * n0
        for c2 in range(n0):
            x4 = p0[b3 + c2]
            v5 = x4 > f32(s0)
            v6 = i64(v5)
            a1 = red_add(a1, v6)
            v7 = f64(x4)
            v8 = v7 * f64(s1)
            p1[b3 + c2] = v8
        p2[r] = a1
