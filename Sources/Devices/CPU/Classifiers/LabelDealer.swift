import Support

/// Sorts drawn labels by the workers that own them.
public struct LabelDealer: Sendable {
    public let owners: Int
    /// The first label of each owner but the first, then one that no label reaches.
    private let bounds: Buffer<Int32>
    /// The owner of the first label of each 2^shift neighbouring ones.
    private let guesses: Buffer<Int32>
    private let shift: Int32
    private static let guessCount = 4096

    /// - Parameter bounds: the first label of each owner but the first, ascending. Of several with the same first label, the last
    ///   has labels.
    public init(bounds: [Int32], labels: Int) {
        owners = bounds.count + 1
        self.bounds = Buffer(bounds + [.max])
        var shift = 0
        while labels >> shift >= Self.guessCount { shift += 1 }
        guesses = Buffer(count: labels >> shift + 1)
        var owner = 0
        for bucket in 0..<guesses.count {
            while owner < bounds.count, Int(bounds[owner]) <= bucket << shift { owner += 1 }
            guesses[bucket] = Int32(owner)
        }
        self.shift = Int32(shift)
    }

    /// What each owner gets of several batches: for each batch, how many labels of each document are its own, then these labels, in the order in
    /// which they were drawn.
    ///
    /// - Returns: all owners' lists, one behind the other, and where each is.
    public func deal(_ batches: [RandomLabels]) -> (lists: Buffer<Int32>, places: [Range<Int>]) {
        let tallies = batches.map(tally)
        var sizes = [Int](repeating: 0, count: owners)
        for (tally, batch) in zip(tallies, batches) {
            for owner in 0..<owners { sizes[owner] += batch.documents + tally.total(owner, batch.documents) }
        }
        var end = 0
        let places = sizes.map { size in
            defer { end += size }
            return end..<end + size
        }
        let lists = Buffer<Int32>(count: end)
        var ends = places.map(\.lowerBound)
        for (tally, batch) in zip(tallies, batches) {
            let documents = batch.documents, next = Buffer<Int>(count: owners)
            for owner in 0..<owners {
                lists[ends[owner]..<ends[owner] + documents].update(
                    from: tally.counts[owner * documents..<(owner + 1) * documents])
                next[owner] = ends[owner] + documents
            }
            batch.labels.withUnsafeBufferPointer { labels in
                guard let labels = labels.baseAddress else { return }
                let (owner, next, lists) = (tally.owner.pointer, next.pointer, lists.pointer)
                for i in 0..<batch.labels.count {
                    let place = next + Int(owner[i])
                    lists[place.pointee] = labels[i]
                    place.pointee &+= 1
                }
            }
            ends = next.array
        }
        return (lists, places)
    }

    /// The owner of each label of a batch, and how many of each document's labels are whose: owners×documents.
    private struct Tally {
        let owner: Buffer<UInt16>
        let counts: Buffer<Int32>

        func total(_ owner: Int, _ documents: Int) -> Int {
            counts[owner * documents..<(owner + 1) * documents].reduce(0) { $0 + Int($1) }
        }
    }

    private func tally(_ batch: RandomLabels) -> Tally {
        let tally = Tally(owner: Buffer(count: batch.labels.count), counts: Buffer(count: owners * batch.documents))
        batch.labels.withUnsafeBufferPointer { labels in
            guard let labels = labels.baseAddress else { return }
            for document in 0..<batch.documents {
                let (owner, counts) = (tally.owner.pointer, tally.counts.pointer + document)
                for i in batch.starts[document]..<batch.starts[document + 1] {
                    let label = labels[i]
                    var found = guesses.pointer[Int(label >> shift)]
                    while bounds.pointer[Int(found)] <= label { found &+= 1 }
                    owner[i] = UInt16(truncatingIfNeeded: found)
                    counts[Int(found) &* batch.documents] &+= 1
                }
            }
        }
        return tally
    }
}
