import DeepXMLModel
import Devices
import Foundation
import Learners
import Support
import Synchronization
import Testing
import Training
import Transport

/// Numbers of Knuth's MMIX generator.
private struct Numbers {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    /// Few different values, of both signs where `signed` is set; about a third of the entries.
    mutating func matrix(rows: Int, cols: Int, signed: Bool) -> CSRMatrix {
        CSRMatrix(
            cols: cols,
            rows: (0..<rows).map { _ in
                (0..<cols).filter { _ in below(3) == 0 }.map { column in
                    (Int32(column), Float(1 + below(6)) / 8 * (signed && below(2) == 0 ? -1 : 1))
                }
            })
    }
}

extension CSRMatrix {
    fileprivate var lists: [[Entry]] {
        (0..<rows).map { row in range(row).map { Entry(column: indices[$0], value: values?[$0] ?? 1) } }
    }
}

private struct Entry: Equatable {
    var column: Int32, value: Float
}

/// The label means of SparseSlice, its lists and its combination of scores, each alone.
@Suite struct SparseSlicePartsTests {
    private let cpu = CPUDevice(team: ThreadTeam(size: 1))

    /// Column by column, by a sort.
    private func largest(_ matrix: CSRMatrix, _ count: Int) -> [[Entry]] {
        var kept = [[Entry]](repeating: [], count: matrix.rows)
        for column in 0..<Int32(matrix.cols) {
            let all = matrix.lists.enumerated().flatMap { row, list in
                list.filter { $0.column == column }.map { (row: row, value: $0.value) }
            }
            for (row, value) in all.sorted(by: { ($1.value.magnitude, $0.row) < ($0.value.magnitude, $1.row) }).prefix(count) {
                kept[row].append(Entry(column: column, value: value))
            }
        }
        return kept
    }

    @Test(arguments: [1, 2, 5, 30, 31, 1000], [false, true]) func theLargestOfEachColumn(count: Int, signed: Bool) {
        var numbers = Numbers(state: 4)
        let matrix = numbers.matrix(rows: 31, cols: 17, signed: signed), expected = largest(matrix, count)
        for threads in [1, 3] {
            let team = ThreadTeam(size: threads)
            defer { team.stop() }
            #expect(matrix.keepingLargest(count, firstRow: 0, team: team).lists == expected)
            // Of any cut first, then of what is left: as it is done on several workers.
            let cut = [0..<9, 9..<9, 9..<30, 30..<31].map { rows in
                let part = CSRMatrix(cols: 17, rows: matrix.lists[rows].map { $0.map { ($0.column, $0.value) } })
                return part.keepingLargest(count, firstRow: rows.lowerBound, team: team).lists
            }
            let joined = CSRMatrix(cols: 17, rows: cut.flatMap { $0 }.map { $0.map { ($0.column, $0.value) } })
            #expect(joined.keepingLargest(count, firstRow: 0, team: team).lists == expected)
        }
    }

    @Test func ofEqualsThoseOfTheFirstRows() {
        let team = ThreadTeam(size: 1), equal = CSRMatrix(cols: 2, rows: (0..<9).map { _ in [(1, 0.5)] })
        let kept = equal.keepingLargest(4, firstRow: 3_000_000, team: team)
        #expect(kept.starts.array == [0, 1, 2, 3, 4, 4, 4, 4, 4, 4])
        #expect(equal.keepingLargest(9, firstRow: 0, team: team).lists == equal.lists)
        let none = CSRMatrix(cols: 3, rows: [[], []])
        #expect(none.keepingLargest(1, firstRow: 0, team: team).lists == [[], []])
    }

    /// Listed are labels that share a feature with the document, and lie on its side; lists are padded behind them.
    @Test func labelsAreListedForWhatTheyShare() {
        let means = LabelMeans(
            CSRMatrix(
                cols: 5, rows: [[(0, 0.5), (1, 0.5)], [(1, 1)], [(3, -1)], [], [(0, 0.5), (4, 0.25)], [(1, 0.5), (3, 0.5)]]),
            on: cpu)
        let documents = CSRMatrix(
            cols: 5, rows: [[(0, 1), (1, 1)], [(2, 1)], [(3, 1)], [], [(4, 2)], [(3, -1)], [(0, 1), (3, 1)]])
        for k in [4, 6, 50] {
            let lists = means.best(k, of: documents, docs: [0, 1, 2, 3, 4, 5, 6, 0])
            #expect(
                (0..<8).map { lists.ids($0).map { $0 } } == [[0, 1, 4, 5], [], [5], [], [4], [2], [0, 4, 5], [0, 1, 4, 5]])
            #expect(lists.scores(0).map { $0 } == [1, 1, 0.5, 0.5] && lists.scores(4).map { $0 } == [0.5])
            for row in 0..<8 {
                let padding = row * k + lists.count(row)..<(row + 1) * k
                #expect(padding.allSatisfy { lists.indices[$0] == -1 && lists.scores[$0] == -.infinity })
            }
        }
        #expect(means.best(2, of: documents, docs: [0]).ids(0).map { $0 } == [0, 1])
    }

    private static let positives = [3, 1, 100, 7, 7]

    private func combination(_ change: (inout SparseSliceSettings) -> Void = { _ in }) -> SparseSliceCombination {
        var settings = SparseSliceSettings()
        change(&settings)
        return SparseSliceCombination(settings, positives: Self.positives, documents: 200, unlisted: 5)
    }

    private func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// p = σ(a·m)·s^g·(n/N)^h, with a label's similarity before it was multiplied by n^f.
    @Test(arguments: [(2.5, 1.5, 0.2, 0.2), (1, 0, 0, 0.2), (0.5, 1, 1, 1), (3, 2, 0, 0)])
    func logitsInvert(scale: Double, similarityWeight: Double, frequencyWeight: Double, power: Double) {
        let combination = combination {
            ($0.scoreScale, $0.similarityWeight, $0.frequencyWeight, $0.frequencyPower) = (
                scale, similarityWeight, frequencyWeight, power
            )
        }
        for (label, n) in Self.positives.enumerated() {
            for margin in [Float(-3), -0.2, 0, 1, 4] {
                for similarity in [0.01, 0.5, 1.0] {
                    let listed = Float(similarity * pow(Double(n), power))
                    let p =
                        sigma(scale * Double(margin)) * pow(similarity, similarityWeight) * pow(Double(n) / 200, frequencyWeight)
                    let found = sigma(Double(combination.logit(label, margin: margin, listedWith: listed)))
                    #expect(abs(found - p) < 1e-6 * p + 1e-12)
                }
            }
        }
    }

    /// Whatever is multiplied, a probability is below 1 and above 0, and its logit a number.
    @Test func probabilitiesAreBelowOne() {
        let steep = combination {
            ($0.scoreScale, $0.similarityWeight, $0.frequencyWeight, $0.frequencyPower) = (1e6, 0, 0, 4)
        }
        let high = steep.logit(2, margin: 1e6, listedWith: 1e8), higher = combination().logit(2, margin: 50, listedWith: 1000)
        for logit in [high, higher] { #expect(logit > 20 && logit < 21) }
        let low = steep.logit(2, margin: -1e6, listedWith: 1e8), lower = steep.logit(2, margin: -2e6, listedWith: 1e8)
        #expect(low.isFinite && lower.isFinite && lower < low && low < -1e11)
    }

    @Test func frequenciesAreWhatIsLeft() {
        let combination = combination()
        #expect(combination.mostFrequent == [2, 3, 4, 0, 1])
        for count in 0...6 {
            let few = SparseSliceCombination(
                SparseSliceSettings(), positives: Self.positives, documents: 200, unlisted: count)
            #expect(few.mostFrequent == Array(combination.mostFrequent.prefix(count)))
        }
        for (label, n) in Self.positives.enumerated() {
            #expect(abs(sigma(Double(combination.logit(ofShare: label))) - Double(n) / 200) < 1e-6)
        }
        let all = SparseSliceCombination(SparseSliceSettings(), positives: [5, 0], documents: 5, unlisted: 1)
        #expect(all.logit(ofShare: 0) > 20 && all.logit(ofShare: 0) < 21 && all.logit(ofShare: 1) < 0)
    }

    /// Against a sort of all, with many ties, and with frequencies that rise and fall with the label.
    @Test(arguments: [0, 1, 2, 7, 40, 299, 300, 1000]) func theMostFrequentAreThoseOfASort(count: Int) {
        var numbers = Numbers(state: 11)
        let drawn = (0..<300).map { _ in numbers.below(25) }
        for positives in [drawn, drawn.sorted(), drawn.sorted(by: >), [Int](repeating: 3, count: 300), []] {
            let combination = SparseSliceCombination(SparseSliceSettings(), positives: positives, documents: 900, unlisted: count)
            let sorted = positives.indices.sorted { (positives[$1], $0) < (positives[$0], $1) }
            #expect(combination.mostFrequent == Array(sorted.prefix(count)))
        }
    }

    /// Blocks of labels, dealt so that a worker gets none, or its blocks from all over, are those of one worker.
    @Test(arguments: [1, 2, 3], [0, 1, 4, 57]) func listsTurnedRoundForThoseWhoTrain(workers: Int, documents: Int) throws {
        let labels = 23, k = 6, size = 5, lists = TopK(rows: documents, k: k)
        var numbers = Numbers(state: 7)
        for row in 0..<documents {
            for (i, id) in Set((0..<row % (k + 1)).map { _ in numbers.below(labels) }).sorted().enumerated() {
                (lists.indices[row * k + i], lists.scores[row * k + i]) = (Int32(id), 1)
            }
        }
        let blocks = stride(from: 0, to: labels, by: size).map { $0..<min($0 + size, labels) }
        let spread = (0..<workers).map { worker in blocks.indices.filter { ($0 * 2 + 1) % workers == worker }.map { blocks[$0] } }
        let idle = (0..<workers).map { $0 == 0 ? blocks : [] },
            some = (0..<workers).map { $0 == workers - 1 ? [blocks[1], blocks[4]] : [] }
        for dealt in [spread, idle, some, (0..<workers).map { $0 == 0 ? [0..<labels] : [] }] {
            let found = Mutex([[[Int32]]](repeating: [], count: workers))
            try ThreadCommunicator.run(size: workers) { communicator in
                let rows = RowLists(
                    group: try WorkerGroup(communicator: communicator, team: ThreadTeam(size: 1)), rows: documents)
                let own = TopK(rows: rows.ownRows.count, k: k)
                own.replace(from: 0, with: lists, rows: rows.ownRows)
                let turned = try rows.byLabel(own, dealt: dealt, labels: labels)
                found.withLock { $0[communicator.rank] = (0..<turned.rows).map { turned.columns($0).map { $0 } } }
            }
            let expected = dealt.map { runs in
                runs.flatMap { $0 }.map { label in
                    (0..<Int32(documents)).filter { row in lists.ids(Int(row)).contains(Int32(label)) }
                }
            }
            #expect(found.withLock { $0 } == expected)
        }
    }
}
