import Support

/// How a training shortlist is put together (DESIGN.md §1, module III): positives, the shortlist's negatives, then uniform
/// random labels that are no positives, until there are `limit` pairs.
public struct ShortlistSizes: Sendable, Equatable {
    /// Positives of a document a step; a random subset where it has more.
    public var maxPositives: Int
    /// Uniform random labels drawn a document and step.
    public var randomNegatives: Int
    /// Pairs of a document in all.
    public var limit: Int

    public init(maxPositives: Int, randomNegatives: Int, limit: Int) {
        self.maxPositives = maxPositives
        self.randomNegatives = randomNegatives
        self.limit = limit
    }
}

/// For each training document, the negatives of its shortlist that belong to one label range.
public final class NegativeShortlists: Sendable {
    /// N rows of labels (global ids, ascending), positives removed.
    public let inRange: CSRMatrix
    /// Negatives of the whole row, over all label ranges.
    public let totals: Buffer<Int32>

    public init(inRange: CSRMatrix, totals: Buffer<Int32>) {
        self.inRange = inRange
        self.totals = totals
    }
}

/// Random labels of some documents, each document's in the order in which they were drawn: its negatives beside those of its
/// shortlist.
public struct RandomLabels: Sendable, Equatable {
    /// documents + 1 places in `labels`.
    public var starts: [Int]
    /// Global ids.
    public var labels: [Int32]

    /// Of no document.
    public init() { (starts, labels) = ([0], []) }

    public var documents: Int { starts.count - 1 }
    public subscript(document: Int) -> ArraySlice<Int32> { labels[starts[document]..<starts[document + 1]] }

    /// Adds a document.
    public mutating func append(_ own: BufferSlice<Int32>) {
        _ = own.withContiguousStorageIfAvailable { labels.append(contentsOf: $0) }
        starts.append(labels.count)
    }

    /// Adds documents as `LabelDealer` writes them: how many labels each has, then the labels, from the place `at` of `list` on.
    ///
    /// - Returns: the place behind them.
    public mutating func append(_ documents: Int, from list: Buffer<Int32>, at place: Int) -> Int {
        var end = place + documents
        for document in 0..<documents {
            starts.append(labels.count + end - place - documents + Int(list[place + document]))
            end += Int(list[place + document])
        }
        _ = list[place + documents..<end].withContiguousStorageIfAvailable { labels.append(contentsOf: $0) }
        return end
    }

    /// Room for so many documents and labels.
    public mutating func reserve(documents: Int, labels count: Int) {
        starts.reserveCapacity(documents + 1)
        labels.reserveCapacity(count)
    }
}
