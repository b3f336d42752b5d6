/// How one batch is cut into blocks of rows, and the blocks into runs, one a worker.
package struct BlockCut {
    /// Blocks of any batch: enough for eight threads or ranks, and at B 255 large enough for fast products.
    package static let count = 8

    /// The blocks of this worker.
    package let own: Range<Int>
    /// The rows of each worker's blocks.
    package let shares: [Range<Int>]
    /// Tokens of this worker's rows.
    package let ownTokens: Int
    private let batchRows: Int
    private let firstRow: Int
    /// Where each own block's tokens begin among this worker's.
    private let offsets: [Int]
    /// Of each own block: where its rows' tokens begin within it, and where they end.
    private let rowStarts: [[Int64]]

    /// A cut of no batch.
    package init() { (own, shares, ownTokens, batchRows, firstRow, offsets, rowStarts) = (0..<0, [], 0, 0, 0, [], []) }

    /// - Parameter longest: tokens of a document that are read, at most.
    package init(_ batch: DocumentBatch, _ group: WorkerGroup, longest: Int = .max) {
        let total = batch.rows, slices = group.slices(Self.count)
        own = slices[group.rank]
        batchRows = total
        shares = slices.map { total * $0.lowerBound / Self.count..<total * $0.upperBound / Self.count }
        firstRow = shares[group.rank].lowerBound
        var offsets: [Int] = [], rowStarts: [[Int64]] = [], tokens = 0
        for block in own {
            offsets.append(tokens)
            var starts: [Int64] = [0]
            for row in Self.rows(block, of: total) {
                tokens += min(batch.features.range(Int(batch.docs[row])).count, longest)
                starts.append(Int64(tokens - offsets[offsets.count - 1]))
            }
            rowStarts.append(starts)
        }
        (self.offsets, self.rowStarts) = (offsets, rowStarts)
        ownTokens = tokens
    }

    private static func rows(_ block: Int, of total: Int) -> Range<Int> {
        total * block / count..<total * (block + 1) / count
    }

    /// The rows of a block, of any worker.
    package func rows(_ block: Int) -> Range<Int> { Self.rows(block, of: batchRows) }

    package var blocksWithRows: Int { (0..<Self.count).count { !rows($0).isEmpty } }

    /// Where the input of one of this worker's blocks is in its tokens, or rows.
    package func input(_ block: Int, isTokens: Bool) -> Range<Int> {
        guard isTokens else { return rows(block).lowerBound - firstRow..<rows(block).upperBound - firstRow }
        let first = offsets[block - own.lowerBound]
        return first..<first + Int(starts(block).last ?? 0)
    }

    /// rows + 1: where the tokens of each row of one of this worker's blocks begin within the block.
    package func starts(_ block: Int) -> [Int64] { rowStarts[block - own.lowerBound] }
}
