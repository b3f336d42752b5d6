import Support

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
    /// Where each block's tokens begin among this worker's, and where each of its rows' begin within the block.
    private let offsets: [Int]
    private let rowStarts: Buffer<Int64>

    /// A cut of no batch.
    package init() {
        (own, shares, ownTokens, batchRows, firstRow, offsets) = (0..<0, [], 0, 0, 0, [])
        rowStarts = Buffer(count: 0)
    }

    package init(_ batch: DocumentBatch, _ group: WorkerGroup) {
        let total = batch.rows, slices = group.slices(Self.count)
        own = slices[group.rank]
        batchRows = total
        shares = slices.map { total * $0.lowerBound / Self.count..<total * $0.upperBound / Self.count }
        firstRow = shares[group.rank].lowerBound
        rowStarts = Buffer(count: shares[group.rank].count + own.count)
        var offsets: [Int] = [], tokens = 0, place = 0
        for block in own {
            offsets.append(tokens)
            let first = tokens
            rowStarts[place] = 0
            for row in Self.rows(block, of: total) {
                tokens += batch.features.range(Int(batch.docs[row])).count
                place += 1
                rowStarts[place] = Int64(tokens - first)
            }
            place += 1
        }
        self.offsets = offsets
        ownTokens = tokens
    }

    private static func rows(_ block: Int, of total: Int) -> Range<Int> {
        total * block / count..<total * (block + 1) / count
    }

    /// The rows of a block, of any worker.
    package func rows(_ block: Int) -> Range<Int> { Self.rows(block, of: batchRows) }

    package var blocksWithRows: Int { (0..<Self.count).count { !rows($0).isEmpty } }

    /// Where the input of one of this worker's blocks begins in its tokens, or rows.
    package func inputOffset(_ block: Int, isTokens: Bool) -> Int {
        isTokens ? offsets[block - own.lowerBound] : rows(block).lowerBound - firstRow
    }

    /// rows + 1: where the tokens of each row of one of this worker's blocks begin within the block.
    package func starts(_ block: Int) -> UnsafePointer<Int64> {
        UnsafePointer(rowStarts.pointer + rows(block).lowerBound - firstRow + block - own.lowerBound)
    }
}
