import Kernels
import Testing

private struct Pair: Hashable, Comparable {
    var label: Int32, pair: UInt16
    var isPositive: Bool { pair & 1 == 1 }
    static func < (a: Pair, b: Pair) -> Bool { (a.label, a.pair) < (b.label, b.pair) }
}

/// A document's lists, over all labels.
private struct Document {
    var labels = 1000, id: Int32 = 5, row: UInt16 = 3
    var positives: [Int32] = [2, 30, 500, 999]
    var negatives: [Int32] = []
    var maxPositives = 20, random = 0, limit = 650

    /// The pairs within a range of labels; labels are counted from 0 again.
    func pairs(_ range: Range<Int32>, moment: UInt32 = 1) -> [Pair] {
        let own = negatives.filter(range.contains)
        var stamp = [UInt32](repeating: 0, count: labels), out = [Int32](repeating: -1, count: limit)
        var pairs = [UInt16](repeating: 0, count: limit)
        let count = dx_document_pairs(
            positives, positives.count, maxPositives, own, own.count, negatives.count, random, limit, Int32(labels),
            range.lowerBound, range.upperBound, id, row, .sample(moment: moment), &stamp, 1, &out, &pairs)
        return (0..<count).map { Pair(label: out[$0] + range.lowerBound, pair: pairs[$0]) }
    }

    func pairs(moment: UInt32 = 1) -> [Pair] { pairs(0..<Int32(labels), moment: moment) }

    /// The same pairs, where the random labels are drawn for all ranges first.
    func pairsOfDrawn(_ range: Range<Int32>) -> [Pair] {
        let own = negatives.filter(range.contains)
        var stamp = [UInt32](repeating: 0, count: labels), drawn = [Int32](repeating: -1, count: max(random, 1))
        let count = dx_random_labels(
            positives, positives.count, maxPositives, negatives.count, random, limit, Int32(labels), id, .sample(moment: 1),
            &stamp, 1, &drawn)
        let given = drawn.prefix(count).filter(range.contains)
        var out = [Int32](repeating: -1, count: limit), pairs = [UInt16](repeating: 0, count: limit)
        let written = dx_known_pairs(
            positives, positives.count, maxPositives, own, own.count, negatives.count, given, given.count, limit,
            range.lowerBound, range.upperBound, id, row, .sample(moment: 1), &out, &pairs)
        return (0..<written).map { Pair(label: out[$0] + range.lowerBound, pair: pairs[$0]) }
    }
}

@Suite struct DocumentPairsTests {
    @Test func positivesThenNegativesThenRandomLabels() {
        let document = Document(negatives: [0, 1, 7, 600], random: 170)
        let pairs = document.pairs()
        #expect(pairs.prefix(4).map(\.label) == document.positives && pairs.prefix(4).allSatisfy(\.isPositive))
        #expect(pairs.dropFirst(4).prefix(4).map(\.label) == document.negatives)
        #expect(pairs.dropFirst(4).allSatisfy { !$0.isPositive && !document.positives.contains($0.label) })
        #expect(pairs.allSatisfy { $0.pair >> 1 == document.row && 0..<1000 ~= $0.label })
        // Draws that hit a positive are dropped, not drawn again.
        #expect(165...170 ~= pairs.count - 8)
    }

    @Test func randomLabelsAreUniformAndNewEachStep() {
        let document = Document(labels: 10, positives: [], random: 500)
        let counts = (0..<40).flatMap { document.pairs(moment: $0) }.reduce(into: [Int](repeating: 0, count: 10)) {
            $0[Int($1.label)] += 1
        }
        #expect(counts.reduce(0, +) == 20_000)
        // Five standard deviations.
        #expect(counts.allSatisfy { abs($0 - 2000) < 5 * 43 })
        #expect(document.pairs(moment: 1) != document.pairs(moment: 2))
        #expect(document.pairs(moment: 1) == document.pairs(moment: 1))
    }

    @Test func tooManyPositivesAreAUniformSubset() {
        let document = Document(positives: (0..<30).map { $0 * 3 }, maxPositives: 20)
        var chosen = [Int](repeating: 0, count: 90)
        for moment in 0..<2000 {
            let pairs = document.pairs(moment: UInt32(moment))
            #expect(pairs.count == 20 && Set(pairs).count == 20 && pairs.allSatisfy(\.isPositive))
            for pair in pairs { chosen[Int(pair.label)] += 1 }
        }
        // 2000 draws of probability 2/3: five standard deviations are 105.
        for positive in document.positives { #expect(abs(chosen[Int(positive)] - 1333) < 105) }
    }

    @Test func positivesLeftOutAreNoNegatives() {
        let document = Document(labels: 40, positives: (0..<30).map { $0 }, maxPositives: 5, random: 200)
        #expect(document.pairs().filter { !$0.isPositive }.allSatisfy { $0.label >= 30 })
    }

    @Test(arguments: [1, 4, 7, 20, 24, 100]) func neverMoreThanTheLimit(limit: Int) {
        let document = Document(negatives: (100..<120).map { $0 }, random: 90, limit: limit)
        let pairs = document.pairs()
        #expect(pairs.count == (limit < 24 ? min(limit, 4) : limit))
        #expect(pairs.count { $0.isPositive } == min(limit, 4))
    }

    @Test(arguments: [[0, 1000], [0, 1, 1000], [0, 31, 500, 501, 1000], [0, 250, 500, 750, 1000]] as [[Int32]])
    func rangesTogetherAreTheWhole(bounds: [Int32]) {
        let document = Document(
            positives: (0..<25).map { $0 * 40 }, negatives: (0..<400).map { $0 * 2 + 1 }, maxPositives: 20, random: 300)
        let whole = document.pairs()
        #expect(whole.count == 650)
        let parts = zip(bounds, bounds.dropFirst()).flatMap { document.pairs($0..<$1) }
        #expect(parts.sorted() == whole.sorted())
    }

    @Test(
        "Labels drawn beforehand give the same pairs in the same order",
        arguments: [0..<1000, 0..<31, 400..<999] as [Range<Int32>])
    func drawnBeforehand(range: Range<Int32>) {
        let samples = [
            Document(negatives: [0, 1, 7, 600], random: 170), Document(labels: 1000, positives: [], random: 500),
            Document(positives: (0..<25).map { $0 * 40 }, negatives: (0..<400).map { $0 * 2 + 1 }, random: 300),
            Document(negatives: (100..<120).map { $0 }, random: 90, limit: 30),
            Document(negatives: (100..<120).map { $0 }, random: 90, limit: 20), Document(random: 0),
        ]
        for document in samples { #expect(document.pairsOfDrawn(range) == document.pairs(range)) }
        #expect(samples[2].pairs(range).count > 5)
    }
}
