import Devices
import Support
import Testing

/// Sparse classifiers and documents whose numbers are eighths: sums are exact, and narrow numbers are the same.
private struct LayoutCase {
    static let labels = 90, features = 40_000
    let weights: CSRMatrix, biases: Buffer<Float>, documents: CSRMatrix
    let team = ThreadTeam(size: 2)
    var device: CPUDevice { CPUDevice(team: team) }

    init() {
        var state: UInt64 = 11
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        // Features near each other and far apart: gaps of one, two and three bytes.
        func row(_ most: Int) -> [(Int32, Float)] {
            let columns = Set((0..<below(most + 1)).map { _ in below(3) == 0 ? below(Self.features) : below(60) })
            return columns.sorted().map { (Int32($0), Float(below(8) + 1) / 8 * (below(2) == 0 ? 1 : -1)) }
        }
        weights = CSRMatrix(cols: Self.features, rows: (0..<Self.labels).map { $0 == 3 ? [] : row(60) })
        biases = Buffer((0..<Self.labels).map { _ in Float(below(9) - 4) / 8 })
        documents = CSRMatrix(cols: Self.features, rows: (0..<50).map { $0 == 7 ? [] : row(30) })
    }

    var docs: [Int32] { (0..<Int32(documents.rows)).map { $0 } }

    func best(_ index: InvertedIndex, firstLabel: Int = 0) -> TopK {
        device.bestLabels(index, documents: documents, docs: docs, k: 12, firstLabel: firstLabel)
    }

    /// Scores of each document with every third label.
    func scores(_ tables: WeightTables, labels: Range<Int> = 0..<Self.labels) -> [Float] {
        let listed = stride(from: Int32(0), to: Int32(Self.labels), by: 3).map { $0 }
        let lists = TopK(
            rows: docs.count, k: listed.count, indices: Buffer(docs.flatMap { _ in listed }),
            scores: Buffer(count: docs.count * listed.count))
        let scores = Buffer<Float>(count: lists.indices.count)
        scores.fill(.infinity)
        device.linearScores(tables, lists, docs: docs, documents: documents, firstLabel: labels.lowerBound, into: scores)
        return scores.array
    }
}

@Suite struct LayoutTests {
    private let made = LayoutCase()

    private func expectSame(_ a: TopK, _ b: TopK) {
        #expect(a.indices.array == b.indices.array && a.scores.array == b.scores.array)
    }

    @Test("Narrow rows hold the matrix that they were made of", arguments: NarrowWeights.allCases)
    func rows(weights: NarrowWeights) {
        let whole = CSRMatrix(
            rows: made.weights.rows, cols: made.weights.cols, starts: made.weights.starts, indices: made.weights.indices,
            values: Buffer(made.weights.values!.array.map { 8 * $0 }))
        let far = CSRMatrix(cols: 1 << 30, rows: [[(0, 127), (127, -127), (255, 1), (1 << 21, -1), ((1 << 30) - 1, 64)]])
        for matrix in [whole, far] {
            let again = made.device.matrix(made.device.narrowRows(matrix, weights))
            #expect(again.starts.array == matrix.starts.array && again.indices.array == matrix.indices.array)
            #expect(again.values!.array == matrix.values!.array)
        }
        let some = made.device.matrix(made.device.narrowRows(whole, weights).part(10..<30))
        #expect(some.indices.array == whole.block(10..<30).indices.array)
    }

    @Test("Numbers that no narrow one holds go to the nearest bfloat16, ties to even")
    func rounding() {
        let one = Float(1).bitPattern
        let matrix = CSRMatrix(
            cols: 3, rows: [[0x7FFF, 0x8000, 0x18000].enumerated().map { (Int32($0), Float(bitPattern: one + $1)) }])
        let again = made.device.matrix(made.device.narrowRows(matrix, .bfloat16)).values!.array.map(\.bitPattern)
        #expect(again == [one, one, one + 0x20000])
    }

    @Test("A narrow model finds and scores what the wide one does, where its numbers are the same")
    func narrow() {
        let device = made.device, wide = made.best(device.invertedIndex(weights: made.weights, biases: made.biases))
        let scores = made.scores(device.weightTables(weights: made.weights, biases: made.biases))
        let eighths = Buffer<Float>(count: LayoutCase.labels)
        eighths.fill(1.0 / 8)
        let whole = CSRMatrix(
            rows: made.weights.rows, cols: made.weights.cols, starts: made.weights.starts, indices: made.weights.indices,
            values: Buffer(made.weights.values!.array.map { 8 * $0 }))
        for (matrix, weights, scales) in [(made.weights, NarrowWeights.bfloat16, nil), (whole, .int8, eighths)] {
            let byLabel = NarrowClassifier(rows: device.narrowRows(matrix, weights), scales: scales, biases: made.biases)
            let byFeature = NarrowClassifier(
                rows: device.narrowRows(matrix.transposed(), weights), scales: scales, biases: made.biases)
            expectSame(made.best(device.invertedIndex(byFeature)), wide)
            #expect(made.scores(device.weightTables(byLabel)) == scores)
        }
        #expect(wide.scores.array.filter { $0 > 0 }.count > 300)
    }

    @Test("A run of labels is found and scored as in the whole")
    func parts() {
        let device = made.device, arrays = device.invertedArrays(weights: made.weights, biases: made.biases)
        let tables = device.weightTableArrays(weights: made.weights, biases: made.biases)
        let whole = made.best(device.invertedIndex(arrays)), scores = made.scores(device.weightTables(tables))
        let cuts = [0..<1, 1..<33, 33..<33, 33..<90]
        let merged = device.merge(
            cuts.map { made.best(device.invertedIndex(device.part(arrays, $0)), firstLabel: $0.lowerBound) }, k: 12)
        expectSame(merged, whole)
        var all = [Float](repeating: .infinity, count: scores.count)
        for cut in cuts {
            let own = made.scores(device.weightTables(tables.part(cut)), labels: cut)
            for (place, score) in own.enumerated() where score.isFinite { all[place] = score }
        }
        #expect(all == scores)
    }
}

@Suite struct PackedClassifierTests {
    private static let dims = 21, labels = 1500, ld = 32

    /// Numbers from −1 to 1, of which int8 with the scale 1/127 holds every one.
    private static func numbers(_ rows: Int, from seed: Int) -> DenseMatrix {
        let matrix = DenseMatrix(rows: rows, cols: ld)
        for row in 0..<rows {
            for d in 0..<dims { matrix[row, d] = Float((row * 31 + d * 17 + seed * row * d) % 255 - 127) / 127 }
            matrix[row, 0] = 1
        }
        return matrix
    }

    @Test("The best labels, whatever the numbers' width", arguments: [1, 30, 200], [1, 3])
    func search(queries: Int, threads: Int) throws {
        let team = ThreadTeam(size: threads), device = CPUDevice(team: team)
        defer { team.stop() }
        let weights = Self.numbers(Self.labels, from: 7), z = Self.numbers(queries, from: 5)
        let biases = Buffer((0..<Self.labels).map { Float($0 % 13) / 50 })
        let shard = ClassifierShard(
            labels: 0..<Self.labels, dims: Self.dims, hasBias: true, trained: weights.buffer, bias: biases, on: device)
        let packed = device.packed(weights: weights.buffer, ld: Self.ld, dims: Self.dims, biases: biases)
        let wanted = device.bestLabels(shard, z: device.tensor(z), k: 9)
        let found = try device.packedSearch(packed).topK(queries: device.tensor(z), k: 9)
        #expect(found.indices.array == wanted.indices.array)
        #expect(found.scores.array.map(\.bitPattern) == wanted.scores.array.map(\.bitPattern))
        #expect(device.rows(40..<77, of: packed, ld: Self.ld).array == weights.rows(40..<77).map { $0 })
        for (narrow, error) in [(NarrowWeights.bfloat16, Float(0.03)), (.int8, 1e-5)] {
            let small = device.narrowed(packed, to: narrow)
            let close = try device.packedSearch(small).topK(queries: device.tensor(z), k: 9)
            #expect(zip(close.scores.array, wanted.scores.array).allSatisfy { abs($0 - $1) < error })
            let rows = device.rows(40..<77, of: small, ld: Self.ld)
            #expect(zip(rows.array, weights.rows(40..<77)).allSatisfy { abs($0 - $1) <= error / 10 })
        }
    }
}

/// Layouts that came from a file: what passes the checks is read within its bounds, and every byte that was changed is refused where it
/// would lead elsewhere.
@Suite struct LayoutCheckTests {
    private let made = LayoutCase()
    private let checks = RangeChecks(of: "file")

    private func passes(_ body: (RangeChecks) throws -> Void) -> Bool {
        do {
            try body(checks)
            return true
        } catch {
            #expect((error as? Failure)?.code == .usage)
            return false
        }
    }

    /// What a row of narrow entries should be, read slowly.
    private func isSound(_ row: ArraySlice<UInt8>, width: Int, cols: Int) -> Bool {
        var rest = row, number = -1
        while !rest.isEmpty {
            var gap = 0, shift = 0, more = true
            while more {
                guard let byte = rest.popFirst(), shift <= 28 else { return false }
                gap |= Int(byte & 0x7F) << shift
                (shift, more) = (shift + 7, byte & 0x80 != 0)
            }
            guard number < 0 || gap > 0 else { return false }
            number = max(number, 0) + gap
            guard number < cols, rest.count >= width else { return false }
            rest = rest.dropFirst(width)
        }
        return true
    }

    @Test("Each byte of narrow rows", arguments: NarrowWeights.allCases)
    func narrowRows(weights: NarrowWeights) {
        let few = CSRMatrix(cols: 40_000, rows: [[(0, 1), (39_999, 2)], [], [(5, 3), (300, -4), (301, 5)], [(39_999, 1)]])
        let rows = made.device.narrowRows(few, weights)
        #expect(passes { try rows.check($0, "r", made.team) })
        for place in 0..<rows.bytes.count {
            let before = rows.bytes[place]
            for value in UInt8.min...UInt8.max {
                rows.bytes[place] = value
                let bytes = rows.bytes.array,
                    wanted = (0..<rows.rows).allSatisfy { row in
                        isSound(bytes[Int(rows.starts[row])..<Int(rows.starts[row + 1])], width: weights.width, cols: rows.cols)
                    }
                #expect(passes { try rows.check($0, "r", made.team) } == wanted, "byte \(place) is \(value)")
            }
            rows.bytes[place] = before
        }
        rows.starts[1] += 1
        #expect(!passes { try rows.check($0, "r", made.team) })
    }

    /// Of a table that passes, no search leaves it or goes on for ever: shown by scores of all documents.
    @Test func tables() {
        let arrays = made.device.weightTableArrays(weights: made.weights, biases: made.biases)
        #expect(passes { try arrays.check($0, "t", made.team) })
        let label = 40, own = Int(arrays.starts[label])..<Int(arrays.starts[label + 1]), places = (own.count - 16) / 9
        var refused = 0
        for place in own.prefix(places + 16) {
            let before = arrays.tables[place]
            for value in [0, 1, 255, before ^ 1] {
                arrays.tables[place] = value
                if passes({ try arrays.check($0, "t", made.team) }) {
                    _ = made.scores(made.device.weightTables(arrays))
                } else {
                    refused += 1
                }
            }
            arrays.tables[place] = before
        }
        #expect(refused > 0)
        // No place is empty.
        arrays.tables[own.lowerBound..<own.lowerBound + places + 16].fill(7)
        #expect(!passes { try arrays.check($0, "t", made.team) })
        for shift in [1, 8, 72] {
            let before = arrays.starts[label]
            arrays.starts[label] -= Int64(shift)
            #expect(!passes { try arrays.check($0, "t", made.team) }, "\(shift)")
            arrays.starts[label] = before
        }
    }

    @Test func indices() {
        let arrays = made.device.invertedArrays(weights: made.weights, biases: made.biases)
        #expect(passes { try arrays.check($0, "i") })
        for wrong in [-1, Int32(LayoutCase.labels), .max] {
            for numbers in [arrays.labelIds, arrays.byBias] {
                let before = numbers[5]
                numbers[5] = wrong
                #expect(!passes { try arrays.check($0, "i") })
                numbers[5] = before
            }
        }
        arrays.byBias[0] = arrays.byBias[1]
        #expect(!passes { try arrays.check($0, "i") })
    }
}
