/// The sequences of a block: whose each token is, and the order in which a recurrent layer takes them.
///
/// Recurrent layers work on *packed* tokens: rows by descending length, then all first tokens, all second tokens, … (torch's
/// `PackedSequence`), so that the rows that are still active at a time step are neighbours.
final class BlockPlan {
    private(set) var rows = 0, tokens = 0
    private(set) var ids: UnsafePointer<Int32>
    /// A weight a token, from the block's first; nil: 1.
    private(set) var weights: UnsafePointer<Float>?
    /// rows + 1, from 0.
    private(set) var starts: [Int64] = []
    /// The document and the place within it, a token.
    private(set) var tokenIds: [Int32] = [], tokenPositions: [Int32] = []
    /// Rows by descending length; those without a token are last.
    private(set) var order: [Int] = []
    /// Where the packed tokens of each time step begin; one more at the end.
    private(set) var steps: [Int] = []
    /// The token at each packed place, with its document and place there.
    private(set) var packed: [Int] = [], packedIds: [Int32] = [], packedPositions: [Int32] = []

    init() { ids = UnsafePointer(bitPattern: 64)! }

    func read(_ block: EncoderBlock) {
        rows = block.rows
        ids = block.ids
        weights = nil
        tokens = 0
        guard block.stage == .input, let from = block.starts else { return }
        tokens = Int(from[rows] - from[0])
        weights = block.weights.map { $0 + Int(from[0]) }
        starts.removeAll(keepingCapacity: true)
        for row in 0...rows { starts.append(from[row] - from[0]) }
        tokenIds.removeAll(keepingCapacity: true)
        tokenPositions.removeAll(keepingCapacity: true)
        for row in 0..<rows {
            for position in 0..<length(row) {
                tokenIds.append(ids[row])
                tokenPositions.append(Int32(position))
            }
        }
        pack()
    }

    func length(_ row: Int) -> Int { Int(starts[row + 1] - starts[row]) }

    /// Sequences that are active at time step `step`.
    func active(_ step: Int) -> Int { steps[step + 1] - steps[step] }

    private func pack() {
        order = (0..<rows).sorted { (length($1), $0) < (length($0), $1) }
        steps.removeAll(keepingCapacity: true)
        packed.removeAll(keepingCapacity: true)
        packedIds.removeAll(keepingCapacity: true)
        packedPositions.removeAll(keepingCapacity: true)
        let longest = order.first.map(length) ?? 0
        for step in 0..<longest {
            steps.append(packed.count)
            for row in order {
                if length(row) <= step { break }
                packed.append(Int(starts[row]) + step)
                packedIds.append(ids[row])
                packedPositions.append(Int32(step))
            }
        }
        steps.append(packed.count)
    }
}
