# row over [6 x 8*]: gt, lt, bitwise_and, eq, bitwise_not, bitwise_or, gt, cast, amax, cast

# gt_lt_bitwise_and_eq_bitwise_not_bitwise_or_amax [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    s0 = arg_i64(args, 2)
    s1 = arg_i64(args, 3)
    s2 = arg_i64(args, 4)
    p1 = ptr(args, 5, 'b1')
    p2 = ptr(args, 6, 'b1')
    for r in range(begin, end):
        a1 = u8(0)
        b3 = r * n0
        for c2 in range(n0):
            x4 = p0[b3 + c2]
            v5 = x4 > f32(s0)
            v6 = u8(v5)
            a1 = red_max(a1, v6)
            v7 = x4 > f32(s1)
            v8 = x4 < f32(s2)
            v9 = v7 & v8
            v10 = x4 == x4
            v11 = v10 == False
            v12 = v9 | v11
            p1[b3 + c2] = v12
        v13 = (a1 != 0)
        p2[r] = v13
