import Devices

/// The sequences of a block: whose each token is, and the order in which a recurrent layer takes them.
///
/// Recurrent layers work on *packed* tokens: rows by descending length, then all first tokens, all second tokens, … (torch's
/// `PackedSequence`), so that the rows that are still active at a time step are neighbours.
final class BlockPlan {
    private(set) var rows = 0, tokens = 0
    private(set) var ids: [Int32] = []
    /// A weight a token, 1×tokens; nil: 1.
    private(set) var weights: Tensor?
    /// rows + 1, from 0.
    private(set) var starts: [Int64] = []
    /// The document and the place within it, a token.
    private(set) var tokenIds: [Int32] = [], tokenPositions: [Int32] = []
    /// Where the packed tokens of each time step begin; one more at the end.
    private(set) var steps: [Int] = []
    /// The token at each packed place, with its document and place there.
    private(set) var packed: [Int32] = [], packedIds: [Int32] = [], packedPositions: [Int32] = []
    /// The packed places of each row's first and last token; −1 for a row without.
    private(set) var firstPlaces: [Int32] = [], lastPlaces: [Int32] = []

    func read(_ block: EncoderBlock) {
        rows = block.rows
        ids = block.ids
        weights = nil
        tokens = 0
        guard block.stage == .input, let starts = block.starts else { return }
        self.starts = starts
        tokens = Int(starts[rows])
        weights = block.weights
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

    private func pack() {
        let order = (0..<rows).sorted { (length($1), $0) < (length($0), $1) }
        steps.removeAll(keepingCapacity: true)
        packed.removeAll(keepingCapacity: true)
        packedIds.removeAll(keepingCapacity: true)
        packedPositions.removeAll(keepingCapacity: true)
        firstPlaces = Array(repeating: -1, count: rows)
        lastPlaces = firstPlaces
        let longest = order.first.map(length) ?? 0
        for step in 0..<longest {
            steps.append(packed.count)
            for row in order {
                if length(row) <= step { break }
                if step == 0 { firstPlaces[row] = Int32(packed.count) }
                if step == length(row) - 1 { lastPlaces[row] = Int32(packed.count) }
                packed.append(Int32(starts[row]) + Int32(step))
                packedIds.append(ids[row])
                packedPositions.append(Int32(step))
            }
        }
        steps.append(packed.count)
    }
}
