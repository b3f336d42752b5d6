import DeepXMLModel
import Support
import Testing

@Suite struct RandomStreamsTests {
    let streams = RandomStreams(seed: 108, module: 2)

    @Test(arguments: [0, 1, 2, 3, 5, 97, 1000])
    func permutationIsOne(count: Int) {
        for epoch in 0..<3 { #expect(streams.permutation(count, epoch: epoch).sorted() == (0..<Int32(count)).map { $0 }) }
    }

    @Test func permutationDependsOnSeedModuleAndEpoch() {
        let order = streams.permutation(200, epoch: 4)
        #expect(order == RandomStreams(seed: 108, module: 2).permutation(200, epoch: 4))
        #expect(order != streams.permutation(200, epoch: 5))
        #expect(order != RandomStreams(seed: 109, module: 2).permutation(200, epoch: 4))
        #expect(order != RandomStreams(seed: 108 + 1 << 40, module: 2).permutation(200, epoch: 4))
        #expect(order != RandomStreams(seed: 108, module: 3).permutation(200, epoch: 4))
    }

    /// Each of the 24 orders of four comes about as often as any other (χ² with 23 degrees of freedom).
    @Test func permutationsAreUniform() {
        var seen: [[Int32]: Int] = [:]
        let draws = 24_000
        for epoch in 0..<draws { seen[streams.permutation(4, epoch: epoch), default: 0] += 1 }
        #expect(seen.count == 24)
        let expected = Double(draws) / 24
        let chi = seen.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        // The 0.999 quantile is 49.7; the draws are fixed, so this passes always or never.
        #expect(chi < 49.7)
    }

    /// In a long permutation, an element's place is uniform: means and correlation with the identity.
    @Test func longPermutationsMix() {
        let n = 500
        let epochs = 200
        let middle = 249.5
        var product = 0.0
        var first = 0.0
        for epoch in 0..<epochs {
            let order = streams.permutation(n, epoch: epoch)
            first += Double(order[0])
            for (place, element) in order.enumerated() { product += (Double(place) - middle) * (Double(element) - middle) }
        }
        let variance = Double(n * n - 1) / 12
        let draws = Double(epochs)
        // Five standard deviations of the mean of independent permutations.
        let firstBound = 5 * (variance / draws).squareRoot()
        let productBound = 5 * variance * (Double(n - 1) / draws).squareRoot()
        #expect(abs(first / draws - middle) < firstBound)
        #expect(abs(product / draws) < productBound)
    }

    @Test func uniformFillsItsRange() {
        let tensor = cpu.tensor(rows: 1, cols: 40_000)
        cpu.fillUniform(tensor, streams.stream(.embeddingInit, step: 0), firstRow: 3, firstColumn: 0, bound: 0.25)
        let n = 40_000.0
        let x = tensor.array.map { Double($0) / 0.25 }
        #expect(x.allSatisfy { $0 >= -1 && $0 < 1 })
        let mean = x.reduce(0, +) / n
        let square = x.reduce(0) { $0 + $1 * $1 } / n
        let neighbours = zip(x, x.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / n
        // Five standard deviations of each, the numbers being independent and uniform in −1 ..< 1.
        func bound(_ variance: Double) -> Double { 5 * (variance / n).squareRoot() }
        #expect(abs(mean) < bound(1 / 3))
        #expect(abs(square - 1 / 3) < bound(4 / 45))
        #expect(abs(neighbours) < bound(1 / 9))
    }

    /// Columns that begin anywhere, of any width: also within a block of four of the generator, and none at all.
    @Test func embeddingsByColumnsEqualTheWhole() {
        let vocabulary = 37
        let dims = 29
        let whole = EmbeddingShard(vocabulary: vocabulary, columns: 0..<dims, on: cpu)
        whole.initialiseAtRandom(streams, dims: dims)
        for workers in [1, 2, 3, 5, 8, 31] {
            for worker in 0..<workers {
                let part = EmbeddingShard(
                    vocabulary: vocabulary, columns: dims * worker / workers..<dims * (worker + 1) / workers, on: cpu)
                part.initialiseAtRandom(streams, dims: dims)
                let same = (0..<vocabulary).allSatisfy { token in
                    part.columns.enumerated().allSatisfy { part.table.value.host[token, $0] == whole.table.value.host[token, $1] }
                }
                #expect(same, "worker \(worker) of \(workers)")
            }
        }
        let bound = (12.0 / Double(vocabulary + dims)).squareRoot()
        #expect(whole.table.value.host.buffer.array.allSatisfy { abs(Double($0)) <= bound })
    }

    @Test func embeddingsOfAFileByColumns() {
        let file = DenseMatrix(rows: 9, cols: 13)
        for i in 0..<9 * 13 { file.pointer[i] = Float(i) }
        let part = EmbeddingShard(vocabulary: 9, columns: 4..<11, on: cpu)
        part.initialise(from: file)
        #expect(
            (0..<9).allSatisfy { token in (4..<11).allSatisfy { part.table.value.host[token, $0 - 4] == Float(token * 13 + $0) } }
        )
    }

    @Test func classifiersByLabelsEqualTheWhole() {
        let whole = ClassifierShard(labels: 0..<41, dims: 19, streams, on: cpu)
        for range in [0..<1, 0..<41, 5..<6, 17..<40, 41..<41] {
            let part = ClassifierShard(labels: range, dims: 19, streams, on: cpu)
            let same = range.enumerated().allSatisfy { row, label in
                part.bias.value.host[row, 0] == whole.bias.value.host[label, 0]
                    && (0..<part.ld).allSatisfy { part.weight.value.host[row, $0] == whole.weight.value.host[label, $0] }
            }
            #expect(same, "labels \(range)")
        }
        let bound = 1 / 19.0.squareRoot()
        let weights = whole.weight.value.host.buffer.array
        let biases = whole.bias.value.host.buffer.array
        #expect((weights + biases).allSatisfy { abs(Double($0)) <= bound })
        #expect((0..<41).allSatisfy { row in (19..<whole.ld).allSatisfy { whole.weight.value.host[row, $0] == 0 } })
        #expect(Set(biases).count == 41 && Set(biases).isDisjoint(with: weights))
    }
}
