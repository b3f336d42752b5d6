import Kernels
import Support
import Synchronization

extension CPUDevice {
    public func gatherRows(_ x: Tensor, _ rows: [Int32], into y: Tensor) {
        precondition(rows.count == y.rows && x.cols == y.cols)
        for (to, from) in rows.enumerated() {
            if from < 0 {
                y.row(to).update(repeating: 0, count: y.cols)
            } else {
                y.row(to).update(from: x.row(Int(from)), count: y.cols)
            }
        }
    }

    public func scatterRows(_ x: Tensor, _ rows: [Int32], into y: Tensor) {
        precondition(rows.count == x.rows && x.cols == y.cols)
        for (from, to) in rows.enumerated() where to >= 0 {
            y.row(Int(to)).update(from: x.row(from), count: x.cols)
        }
    }

    public func sumRows(of table: Tensor, _ bags: CSRMatrix, _ docs: [Int32], into y: Tensor) {
        precondition(table.isContiguous && y.rows == docs.count && y.cols == table.cols)
        // The kernel writes rows without padding between them: one that has padding takes its rows one at a time.
        let step = y.isContiguous ? max(docs.count, 1) : 1
        docs.withUnsafeBufferPointer { docs in
            for row in stride(from: 0, to: docs.count, by: step) {
                dx_embed_rows(
                    table.pointer, table.cols, bags.starts.pointer, bags.indices.pointer, bags.values!.pointer,
                    docs.baseAddress! + row, step, y.row(row))
            }
        }
    }

    public func copyRows(of matrix: CSRMatrix, _ docs: [Int32], into y: Tensor) {
        precondition(matrix.cols == y.cols && docs.count == y.rows)
        for (row, doc) in docs.enumerated() {
            let range = matrix.range(Int(doc))
            precondition(range.count == y.cols, "a row that does not store all of its entries")
            y.row(row).update(from: matrix.values!.pointer + range.lowerBound, count: y.cols)
        }
    }

    public func updateRows(
        of parameter: Parameter, _ bags: CSRMatrix, _ docs: [Int32], gradient: Tensor, _ step: OptimiserStep
    ) {
        precondition(gradient.isContiguous && gradient.rows == docs.count && gradient.cols == parameter.cols)
        let groups = tokenGroups(bags, docs, vocabulary: parameter.rows), count = groups.count
        team.forRanges(count, grain: 64) { range in
            dx_embedding_step(
                range.lowerBound, range.upperBound, groups.tokens.pointer, groups.starts.pointer, groups.rows.pointer,
                groups.weights.pointer, gradient.pointer, gradient.cols, parameter.value.pointer,
                parameter.firstMoment.pointer, parameter.secondMoment.pointer, step.kernel)
        }
    }

    /// The distinct tokens of some documents, in order of appearance.
    func tokenGroups(_ bags: CSRMatrix, _ docs: [Int32], vocabulary: Int) -> TokenGroups {
        let groups = TokenGroups(capacity: docs.reduce(0) { $0 + bags.range(Int($1)).count }), slots = rowSlots.take(vocabulary)
        groups.count = dx_group_tokens(
            bags.starts.pointer, bags.indices.pointer, bags.values!.pointer, docs, docs.count, slots.pointer,
            groups.tokens.pointer, groups.starts.pointer, groups.rows.pointer, groups.weights.pointer)
        rowSlots.give(slots)
        return groups
    }

    public func fillUniform(_ x: Tensor, _ stream: RandomStream, firstRow: Int, firstColumn: Int, bound: Float) {
        for r in 0..<x.rows {
            var block = SIMD4<UInt32>(), have = -1
            let row = x.row(r)
            for c in 0..<x.cols {
                let column = firstColumn + c
                if have != column / 4 {
                    have = column / 4
                    block = stream.block(UInt32(have), row: UInt32(firstRow + r))
                }
                row[c] = bound * (Float(block[column % 4] >> 8) * (2 / Float(1 << 24)) - 1)
            }
        }
    }
}

/// The distinct tokens of a batch, each with its (batch row, weight) entries.
final class TokenGroups: @unchecked Sendable {
    /// Distinct tokens.
    fileprivate(set) var count = 0
    let tokens: Buffer<Int32>
    let starts: Buffer<Int64>
    let rows: Buffer<UInt32>
    let weights: Buffer<Float>

    /// Of all tokens together.
    var entries: Int { rows.count }

    init(capacity: Int) {
        tokens = Buffer(count: capacity)
        starts = Buffer(count: capacity + 1)
        rows = Buffer(count: capacity)
        weights = Buffer(count: capacity)
    }
}

/// For each number of rows, arrays of −1 that `dx_group_tokens` works in and leaves as they were.
final class RowSlots: Sendable {
    private let free = Mutex<[Int: [Buffer<Int32>]]>([:])

    func take(_ rows: Int) -> Buffer<Int32> {
        if let buffer = free.withLock({ $0[rows]?.popLast() }) { return buffer }
        let buffer = Buffer<Int32>(count: rows)
        buffer.fill(-1)
        return buffer
    }

    func give(_ buffer: Buffer<Int32>) { free.withLock { $0[buffer.count, default: []].append(buffer) } }
}
