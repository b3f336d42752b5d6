import Devices
import Support
import Testing

/// Drawn labels and their owners, beside the plain way: each label goes to the last owner whose first label is not above it.
@Suite struct LabelDealerTests {
    private static func batch(documents: Int, labels: Int, seed: Int) -> RandomLabels {
        var batch = RandomLabels()
        for document in 0..<documents {
            let count = (document * 7 + seed) % 5 * 3
            batch.append(Buffer((0..<count).map { Int32((document * 7919 + $0 * 104_729 + seed * 31) % labels) })[0..<count])
        }
        return batch
    }

    private static func owner(of label: Int32, _ bounds: [Int32]) -> Int { bounds.lastIndex { $0 <= label }.map { $0 + 1 } ?? 0 }

    /// What an owner gets of the batches, as `RandomLabels`.
    private static func plain(_ batches: [RandomLabels], of owner: Int, _ bounds: [Int32]) -> [RandomLabels] {
        batches.map { batch in
            var own = RandomLabels()
            for document in 0..<batch.documents {
                let labels = batch[document].filter { Self.owner(of: $0, bounds) == owner }
                own.append(Buffer(Array(labels))[0..<labels.count])
            }
            return own
        }
    }

    @Test(
        "owners without labels, labels before the first bound, more buckets than labels and fewer",
        arguments: [
            (labels: 9, bounds: [] as [Int32]), (labels: 9, bounds: [3]), (labels: 50, bounds: [0, 7, 7, 7, 49]),
            (labels: 100_003, bounds: [5, 6, 4096, 50_000, 50_000, 99_999]), (labels: 700, bounds: [200, 700]),
        ])
    func everyLabelGoesToItsOwner(labels: Int, bounds: [Int32]) {
        let batches = [(4, 1), (0, 2), (9, 3), (1, 4)].map { Self.batch(documents: $0, labels: labels, seed: $1) }
        let dealer = LabelDealer(bounds: bounds, labels: labels), (lists, places) = dealer.deal(batches)
        #expect(places.count == bounds.count + 1 && places.last?.upperBound == lists.count)
        for owner in 0..<dealer.owners {
            var at = places[owner].lowerBound
            let found = batches.map { batch in
                var own = RandomLabels()
                at = own.append(batch.documents, from: lists, at: at)
                return own
            }
            #expect(found == Self.plain(batches, of: owner, bounds), "owner \(owner)")
            #expect(at == places[owner].upperBound)
        }
    }
}
