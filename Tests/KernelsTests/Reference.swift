import Foundation
import Kernels

/// One parameter's optimiser in double precision: Adam (Kingma & Ba 2015, algorithm 1), or SGD with momentum as torch
/// documents it; weight decay is added to the gradient, or, decoupled, taken from the parameter.
struct ReferenceOptimiser {
    var p: Double, m: Double, v: Double
    let numbers: dx_adam

    mutating func step(gradient: Double) {
        let (beta1, beta2) = (Double(numbers.beta1), Double(numbers.beta2))
        let isDecoupled = numbers.kind == Int32(DX_ADAMW)
        let g = gradient + (isDecoupled ? 0 : Double(numbers.weight_decay) * p)
        if isDecoupled { p -= Double(numbers.weight_decay) * p }
        if numbers.kind == Int32(DX_SGD) {
            m = beta1 * m + g
            p -= Double(numbers.step) * m
            return
        }
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p -= Double(numbers.step) * m / (v.squareRoot() * Double(numbers.inv_sqrt_bc2) + Double(numbers.eps))
    }
}

func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}

func sigmoid(_ x: Double) -> Double {
    let t = exp(-abs(x))
    return x >= 0 ? 1 / (1 + t) : t / (1 + t)
}

/// ln(1 + eˣ)
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// Whether dropout keeps column `column` of document `id`: the 16 bits that belong to it are under the threshold.
func isKept(_ stream: dx_stream, id: Int32, column: Int, keep: Float) -> Bool {
    var words: [UInt32] = [0, 0, 0, 0]
    dx_philox4x32([stream.key0, stream.key1], [UInt32(column / 8), UInt32(id), stream.moment, stream.purpose], &words)
    let bits = words[column % 8 / 2] >> (column % 2 == 0 ? 0 : 16) & 0xffff
    return bits < UInt32(keep * 65536)
}

/// The k best of (id, score) pairs by descending score, ties by smaller id.
func best(_ entries: some Sequence<(Int32, Float)>, _ k: Int) -> [(Int32, Float)] {
    Array(entries.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(k))
}

/// Rows of `width` ids and scores, as the search kernels write and read them: padded with -1 and -infinity.
struct Lists: Equatable {
    var ids: [Int32], scores: [Float]

    init(rows: Int, width: Int) {
        ids = [Int32](repeating: 77, count: rows * width)
        scores = [Float](repeating: .nan, count: rows * width)
    }

    init(_ rows: [[(Int32, Float)]], width: Int) {
        ids = rows.flatMap { $0.map(\.0) + [Int32](repeating: -1, count: width - $0.count) }
        scores = rows.flatMap { $0.map(\.1) + [Float](repeating: -.infinity, count: width - $0.count) }
    }
}

/// Rows of entries as starts, columns and values.
struct SparseRows {
    var starts: [Int64] = [0], columns: [Int32] = [], values: [Float] = []

    init(_ rows: [[(Int32, Float)]]) {
        for row in rows {
            columns += row.map(\.0)
            values += row.map(\.1)
            starts.append(Int64(columns.count))
        }
    }

    func entries(_ row: Int) -> [(Int32, Float)] {
        (Int(starts[row])..<Int(starts[row + 1])).map { (columns[$0], values[$0]) }
    }

    /// Of `cols` numbers.
    func dense(_ row: Int, _ cols: Int) -> [Double] {
        entries(row).reduce(into: [Double](repeating: 0, count: cols)) { $0[Int($1.0)] += Double($1.1) }
    }
}

func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

/// Memory for a kernel to work in, aligned to 64 bytes.
func withMemory<R>(_ bytes: Int, _ body: (UnsafeMutableRawPointer) -> R) -> R {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 1), alignment: 64)
    defer { memory.deallocate() }
    return body(memory)
}
