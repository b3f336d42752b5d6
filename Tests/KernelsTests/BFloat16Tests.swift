import Kernels
import Testing

/// To nearest, ties to even.
func roundedToBFloat16(_ x: Float) -> Float {
    let bits = x.bitPattern
    return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
}

/// Products of bfloat16 numbers, against plain sums in double precision; by the CPU's instructions too where it has them.
@Suite struct BFloat16Tests {
    private static let ways: [Int32] = dx_bf16_supported() != 0 ? [0, 1] : [0]

    /// a(m×k)·b(n×k)ᵀ; `transposed`: the matrices are laid out k×m and k×n.
    private struct Product {
        var m: Int, n: Int, k: Int
        var a: [Float], b: [Float]
        var transposed = false
        var native: Int32 = 0

        init(_ m: Int, _ n: Int, _ k: Int) {
            var sample = Sample(21)
            (self.m, self.n, self.k, a, b) = (m, n, k, sample.floats(m * k), sample.floats(n * k))
        }

        private func strides(_ count: Int) -> (vector: Int, step: Int) { transposed ? (1, count) : (k, 1) }

        /// Entries rows×cols of the product, added to what `c` (leading dimension ldc) holds where `accumulate`.
        func run(rows: Range<Int>, cols: Range<Int>, into c: inout [Float], ldc: Int, accumulate: Bool) {
            let (left, right) = (strides(m), strides(n))
            var packedLeft = [UInt8](repeating: 0xff, count: dx_bf16_left_bytes(native, rows.count, k)), packedRight = packedLeft
            packedRight = [UInt8](repeating: 0xff, count: dx_bf16_right_bytes(native, cols.count, k))
            a.withUnsafeBufferPointer {
                dx_bf16_pack_left(
                    native, $0.baseAddress! + rows.lowerBound * left.vector, left.vector, left.step, rows.count, k, &packedLeft)
            }
            b.withUnsafeBufferPointer {
                dx_bf16_pack_right(
                    native, $0.baseAddress! + cols.lowerBound * right.vector, right.vector, right.step, cols.count, k,
                    &packedRight)
            }
            c.withUnsafeMutableBufferPointer {
                dx_bf16_product(
                    native, rows.count, cols.count, k, packedLeft, packedRight,
                    $0.baseAddress! + rows.lowerBound * ldc + cols.lowerBound,
                    ldc, accumulate ? 1 : 0)
            }
        }

        func expected(_ i: Int, _ j: Int) -> Double {
            (0..<k).reduce(0) { sum, d in
                let x = transposed ? (a[d * m + i], b[d * n + j]) : (a[i * k + d], b[j * k + d])
                return sum + Double(roundedToBFloat16(x.0)) * Double(roundedToBFloat16(x.1))
            }
        }
    }

    private static let shapes = [(1, 1, 1), (12, 32, 8), (13, 33, 7), (25, 65, 33), (40, 128, 300), (30, 304, 255)]

    @Test(arguments: shapes, ways) func productsAreRight(shape: (Int, Int, Int), native: Int32) {
        for transposed in [false, true] { productIsRight(shape, native, transposed) }
    }

    private func productIsRight(_ shape: (Int, Int, Int), _ native: Int32, _ transposed: Bool) {
        var product = Product(shape.0, shape.1, shape.2), sample = Sample(22)
        (product.transposed, product.native) = (transposed, native)
        let ldc = product.n + 3, start = sample.floats(product.m * ldc)
        for accumulate in [false, true] {
            var c = start
            product.run(rows: 0..<product.m, cols: 0..<product.n, into: &c, ldc: ldc, accumulate: accumulate)
            let expected = start.indices.map { at in
                let (i, j) = (at / ldc, at % ldc)
                if j >= product.n { return Double(start[at]) }
                return product.expected(i, j) + (accumulate ? Double(start[at]) : 0)
            }
            #expect(largestDifference(c, expected) < 2e-5)
        }
    }

    @Test(arguments: [false, true], ways) func cutsGiveTheSameBits(transposed: Bool, native: Int32) {
        var product = Product(31, 100, 77)
        (product.transposed, product.native) = (transposed, native)
        var whole = [Float](repeating: 0, count: 3100), cut = whole
        product.run(rows: 0..<31, cols: 0..<100, into: &whole, ldc: 100, accumulate: false)
        for rows in [0..<1, 1..<14, 14..<31] {
            for cols in [0..<33, 33..<97, 97..<100] {
                product.run(rows: rows, cols: cols, into: &cut, ldc: 100, accumulate: false)
            }
        }
        #expect(whole.map(\.bitPattern) == cut.map(\.bitPattern))
    }

    /// Numbers of all sizes, so that each order of summation has bits of its own; subnormal ones, and sums that become so.
    @Test(.enabled(if: dx_bf16_supported() != 0), arguments: shapes, [false, true])
    func bothWaysGiveTheSameBits(shape: (Int, Int, Int), transposed: Bool) {
        var sample = Sample(23), product = Product(shape.0, shape.1, shape.2)
        product.transposed = transposed
        let powers: [Float] = [1, 0x1p9, 0x1p-9, 0x1p-70, 0x1p-130, 0, -0x1p-63, 0x1p60]
        for at in product.a.indices { product.a[at] *= powers[sample.below(powers.count)] }
        for at in product.b.indices { product.b[at] *= powers[sample.below(powers.count)] }
        let start = sample.floats(product.m * product.n, scale: 0x1p-120)
        for accumulate in [false, true] {
            let found = Self.ways.map { native in
                var c = start
                product.native = native
                product.run(rows: 0..<product.m, cols: 0..<product.n, into: &c, ldc: product.n, accumulate: accumulate)
                return c.map(\.bitPattern)
            }
            #expect(found[0] == found[1])
        }
    }

    @Test(arguments: ways) func infinityAndNaN(native: Int32) {
        let x: [Float] = [.infinity, -.infinity, .nan, Float(bitPattern: 0x7fff_ffff), .greatestFiniteMagnitude]
        var product = Product(x.count, 1, 1), c = x
        (product.a, product.b, product.native) = (x, [1], native)
        product.run(rows: 0..<x.count, cols: 0..<1, into: &c, ldc: 1, accumulate: false)
        #expect(c[0] == .infinity && c[1] == -.infinity && c[2].isNaN && c[3].isNaN && c[4] == .infinity)
    }

    @Test(arguments: ways) func roundsToNearestTiesToEven(native: Int32) {
        // Halfway between two neighbours of 8 bits, a little more, a little less, and large numbers.
        let x: [Float] = [1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-8 - 0x1p-20, -1 - 0x1p-8, 1e38, 1e-37]
        var product = Product(x.count, 1, 1)
        (product.a, product.b, product.native) = (x, [1], native)
        var c = x
        product.run(rows: 0..<x.count, cols: 0..<1, into: &c, ldc: 1, accumulate: false)
        #expect(c == x.map(roundedToBFloat16))
        #expect(c[0] == 1 && c[1] == 1 + 0x1p-6 && c[2] == 1 + 0x1p-7 && c[3] == 1)
    }
}
