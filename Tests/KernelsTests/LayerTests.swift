import Foundation
import Kernels
import Testing

/// What stands between the matrix products of the general encoders, against plain loops in double precision.
@Suite struct LayerTests {
    private static let functions = [DX_RELU, DX_SIGMOID, DX_TANH, DX_GELU].map(Int32.init)

    private func value(_ which: Int32, _ x: Double) -> Double {
        switch which {
        case Int32(DX_RELU): max(x, 0)
        case Int32(DX_SIGMOID): sigmoid(x)
        case Int32(DX_TANH): tanh(x)
        default: x * 0.5 * (1 + erf(x / 2.0.squareRoot()))
        }
    }

    @Test(arguments: functions) func activationsAndTheirSlopes(which: Int32) {
        var sample = Sample(51)
        let x = sample.floats(203, scale: 6), step = 1e-5
        var out = [Float](repeating: .nan, count: 203), g = [Float](repeating: 2, count: 203)
        dx_activation(which, x, &out, 203)
        dx_activation_backward(which, &g, x, out, 203)
        #expect(largestDifference(out, x.map { value(which, Double($0)) }) < 2e-6)
        let slopes = x.map { (value(which, Double($0) + step) - value(which, Double($0) - step)) / step }
        #expect(largestDifference(g, slopes) < 1e-5)
    }

    @Test(arguments: [false, true], [Float(0.5), 0.8, 1]) func dropoutDrawsByDocumentPositionAndColumn(relu: Bool, keep: Float) {
        var sample = Sample(52)
        let ld = 152, cols = 150, ids: [Int32] = [4, 4, 77], positions: [Int32] = [0, 2, 1], stream = dx_stream.sample(moment: 3)
        let x = sample.rows(3, cols, ld: ld)
        var out = x
        dx_dropout(&out, 3, cols, ld, ids, positions, stream, keep, relu ? 1 : 0)
        let expected = x.indices.map { i -> Float in
            let column = Int(positions[i / ld]) * ld + i % ld
            let passes = keep >= 1 || isKept(stream, id: ids[i / ld], column: column, keep: keep)
            return passes && (!relu || x[i] > 0) ? x[i] * (1 / keep) : 0
        }
        #expect(out == expected)
    }

    @Test(arguments: [false, true], [false, true]) func reducedTokens(mean: Bool, isWeighted: Bool) {
        var sample = Sample(53)
        let ld = 20, cols = 17, ldo = 19, starts: [Int64] = [0, 2, 2, 7]
        let x = sample.rows(7, cols, ld: ld), weights = sample.floats(7), g = sample.floats(3 * ldo)
        var out = [Float](repeating: 7, count: 3 * ldo), dx = [Float](repeating: 7, count: 7 * ld)
        weights.withUnsafeBufferPointer {
            let given = isWeighted ? $0.baseAddress : nil
            dx_reduce_tokens(x, ld, starts, 3, given, mean ? 1 : 0, cols, &out, ldo)
            dx_reduce_tokens_backward(g, ldo, starts, 3, given, mean ? 1 : 0, cols, &dx, ld)
        }
        var sums = [Double](repeating: 7, count: 3 * ldo), gradient = [Double](repeating: 7, count: 7 * ld)
        for r in 0..<3 {
            let tokens = Int(starts[r])..<Int(starts[r + 1])
            for c in 0..<cols {
                sums[r * ldo + c] = 0
                for i in tokens {
                    let weight = (isWeighted ? Double(weights[i]) : 1) / (mean ? Double(tokens.count) : 1)
                    sums[r * ldo + c] += weight * Double(x[i * ld + c])
                    gradient[i * ld + c] = weight * Double(g[r * ldo + c])
                }
            }
        }
        #expect(largestDifference(out, sums) < 1e-6 && largestDifference(dx, gradient) < 1e-6)
    }

    /// Columns of a batch and what batch normalisation makes of them.
    @Test func batchNormalisation() {
        var sample = Sample(54)
        let rows = 30, cols = 18, ld = 20, x = sample.rows(rows, cols, ld: ld, scale: 2), g = sample.rows(rows, cols, ld: ld)
        let weight = sample.floats(cols), bias = sample.floats(cols)
        var mean = [Float](repeating: .nan, count: cols), squares = mean
        dx_column_moments(x, rows, cols, ld, &mean, &squares)
        let inverse = squares.map { 1 / ($0 / Float(rows)).squareRoot() }
        var standard = [Float](repeating: 0, count: rows * ld), out = standard, dx = g
        dx_standardise(x, rows, cols, ld, mean, inverse, &standard)
        dx_scale_shift(standard, rows, cols, ld, weight, bias, &out)
        var sumG = mean, sumGX = mean
        dx_column_sums(g, rows, cols, ld, &sumG)
        dx_column_products(g, standard, rows, cols, ld, &sumGX)
        dx_batch_norm_backward(&dx, standard, rows, cols, ld, weight, inverse, sumG, sumGX)
        for c in 0..<cols {
            let column = (0..<rows).map { Double(x[$0 * ld + c]) }, gradient = (0..<rows).map { Double(g[$0 * ld + c]) }
            func normalised(_ column: [Double]) -> [Double] {
                let mean = column.reduce(0, +) / Double(rows)
                let deviation = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)).squareRoot()
                return column.map { Double(weight[c]) * ($0 - mean) / deviation + Double(bias[c]) }
            }
            let ours = (0..<rows).map { out[$0 * ld + c] }
            #expect(largestDifference(ours, normalised(column)) < 1e-5)
            for r in 0..<rows {
                var (up, down) = (column, column)
                up[r] += 1e-5
                down[r] -= 1e-5
                let slope =
                    zip(zip(normalised(up), normalised(down)), gradient).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 } / 2e-5
                #expect(abs(Double(dx[r * ld + c]) - slope) < 1e-5)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5], [1, 2, 6]) func windowsAndTheirGradient(size: Int, length: Int) {
        var sample = Sample(55)
        let cols = 5, ld = 8, x = sample.rows(length, cols, ld: ld), g = sample.eighths(length * size * cols)
        var windows = [Float](repeating: .nan, count: length * size * cols), dx = [Float](repeating: 1, count: length * ld)
        dx_windows(x, ld, length, cols, size, &windows)
        dx_windows_backward(g, length, cols, size, &dx, ld)
        var expected = [Float](repeating: 0, count: windows.count), gradient = [Float](repeating: 1, count: dx.count)
        for i in 0..<length {
            for j in 0..<size {
                let from = i + j - (size - 1) / 2
                for c in 0..<cols where 0..<length ~= from {
                    expected[(i * size + j) * cols + c] = x[from * ld + c]
                    gradient[from * ld + c] += g[(i * size + j) * cols + c]
                }
            }
        }
        #expect(windows == expected && dx == gradient)
    }

    @Test(arguments: [1, 3, 8], [1, 2, 4]) func maximaOfChunks(length: Int, chunks: Int) {
        var sample = Sample(56)
        let filters = 6, ld = 8, x = sample.eighths(length * ld), bias = sample.eighths(filters)
        let g = sample.eighths(filters * chunks)
        var out = [Float](repeating: .nan, count: filters * chunks), at = [Int32](repeating: 9, count: filters * chunks)
        var dx = [Float](repeating: 5, count: length * ld)
        dx_chunk_max(x, ld, length, filters, chunks, bias, &out, &at)
        dx_chunk_max_backward(g, at, length, filters, chunks, &dx, ld)
        var gradient = (0..<length * ld).map { Float($0 % ld < filters ? 0 : 5) }
        for f in 0..<filters {
            for j in 0..<chunks {
                let chunk = j * length / chunks..<((j + 1) * length + chunks - 1) / chunks
                let values = chunk.map { x[$0 * ld + f] + bias[f] }, largest = max(0, values.max() ?? 0)
                let place = largest > 0 ? chunk.lowerBound + values.firstIndex(of: largest)! : -1
                #expect(out[f * chunks + j] == largest && at[f * chunks + j] == Int32(place))
                if place >= 0 { gradient[place * ld + f] += g[f * chunks + j] }
            }
        }
        #expect(dx == gradient)
    }
}
