import Kernels
import Testing

/// What a step's pairs are trained on.
private enum Loss: CaseIterable {
    case crossEntropy, hinge, squaredHinge

    /// Loss and slope of a logit with the target y = 0 or 1, in double precision.
    func callAsFunction(_ logit: Double, _ y: Double) -> (value: Double, slope: Double) {
        let sign = 2 * y - 1, short = max(0, 1 - sign * logit)
        switch self {
        case .crossEntropy: return (softplus(logit) - y * logit, sigmoid(logit) - y)
        case .hinge: return (short, short > 0 ? -sign : 0)
        case .squaredHinge: return (short * short, -2 * sign * short)
        }
    }
}

/// A shard's parameters, and the pairs of a batch grouped by label.
private struct Problem {
    let batch: Int, dims: Int, ld: Int, labels: Int
    let starts: [Int64], pairs: [UInt16], z: [Float]
    let scale: Float
    var loss = Loss.crossEntropy, adam = dx_adam.sample
    var dz: [Float]
    var w: [Float], mw: [Float], vw: [Float], bias: [Float], mb: [Float], vb: [Float]

    /// - Parameter counts: pairs of each label; documents are drawn at random, the same one twice at times.
    init(batch: Int, dims: Int, counts: [Int], seed: UInt64 = 8) {
        var sample = Sample(seed)
        (self.batch, self.dims, labels) = (batch, dims, counts.count)
        ld = (dims + 15) / 16 * 16
        starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64($1)) }
        pairs = (0..<counts.reduce(0, +)).map { _ in UInt16(sample.below(batch) << 1 | (sample.below(9) == 0 ? 1 : 0)) }
        z = sample.rows(batch, dims, ld: ld)
        scale = 1 / Float(batch)
        dz = [Float](repeating: 0, count: batch * ld)
        w = sample.rows(labels, dims, ld: ld, scale: 0.3)
        mw = sample.rows(labels, dims, ld: ld, scale: 0.01)
        vw = mw.map { $0 * $0 }
        bias = sample.floats(labels, scale: 0.3)
        mb = sample.floats(labels, scale: 0.01)
        vb = mb.map { $0 * $0 }
    }

    mutating func run(_ range: Range<Int>) -> Double {
        var workspace = [Float](repeating: .nan, count: dx_shortlist_workspace(batch, ld))
        if loss == .crossEntropy {
            return dx_shortlist_step(
                range.lowerBound, range.upperBound, starts, pairs, z, batch, &dz, &w, &mw, &vw, &bias, &mb, &vb, ld, scale, adam,
                &workspace)
        }
        return dx_shortlist_margin_step(
            range.lowerBound, range.upperBound, starts, pairs, z, batch, &dz, &w, &mw, &vw, &bias, &mb, &vb, ld, scale, adam,
            loss == .squaredHinge ? 1 : 0, &workspace)
    }

    /// The same by the formulas, in double precision: (loss, ∂z, W, bias).
    func reference() -> (loss: Double, dz: [Double], w: [Double], bias: [Double]) {
        var out = (loss: 0.0, dz: [Double](repeating: 0, count: batch * ld), w: w.map(Double.init), bias: bias.map(Double.init))
        for label in 0..<labels where starts[label] < starts[label + 1] {
            var gradient = [Double](repeating: 0, count: ld), biasGradient = 0.0
            for i in Int(starts[label])..<Int(starts[label + 1]) {
                let row = Int(pairs[i] >> 1), y = Double(pairs[i] & 1), wl = label * ld, zr = row * ld
                let logit = (0..<ld).reduce(Double(bias[label])) { sum, c in sum + Double(w[wl + c]) * Double(z[zr + c]) }
                let (value, slope) = loss(logit, y), g = slope * Double(scale)
                out.loss += value
                biasGradient += g
                for c in 0..<ld {
                    gradient[c] += g * Double(z[row * ld + c])
                    out.dz[row * ld + c] += g * Double(w[label * ld + c])
                }
            }
            for c in 0..<ld {
                let at = label * ld + c
                out.w[at] = stepped(w[at], mw[at], vw[at], gradient[c], adam)
            }
            var numbers = adam
            // Decoupled decay leaves biases alone.
            if adam.kind == Int32(DX_ADAMW) { numbers.weight_decay = 0 }
            out.bias[label] = stepped(bias[label], mb[label], vb[label], biasGradient, numbers)
        }
        return out
    }

    private func stepped(_ p: Float, _ m: Float, _ v: Float, _ gradient: Double, _ numbers: dx_adam) -> Double {
        var reference = ReferenceOptimiser(p: Double(p), m: Double(m), v: Double(v), numbers: numbers)
        reference.step(gradient: gradient)
        return reference.p
    }
}

@Suite struct ShortlistStepTests {
    /// Labels without pairs, each remainder of a group of eight, and one that is in every document's list.
    private static let remainders = [0, 0] + Array(0...17) + [0, 41, 255, 0]

    @Test(
        arguments: [
            (255, 300, remainders),  // few pairs a document: ∂z pair by pair
            (5, 300, remainders),  // many: ∂z block by block
            (16, 1, remainders), (16, 112, remainders), (16, 113, remainders), (16, 512, remainders),
            (40, 48, Array(repeating: 9, count: 150)),  // three blocks of labels
            (2000, 16, [20_000, 1, 16_384, 0, 16_385]),  // more pairs than a block has room for
            (7, 32, []), (7, 32, [0, 0, 0]),
            (3, 65_536, [2, 9, 3]),  // 64 rows that no stack has room for
            (32_768, 16, [5000, 40_000]),  // the largest batch
        ] as [(Int, Int, [Int])])
    func followsTheFormulas(batch: Int, dims: Int, counts: [Int]) {
        check(Problem(batch: batch, dims: dims, counts: counts))
    }

    /// Both ways of summing ∂z.
    @Test(arguments: [255, 5], [.sample, .decayed, .decoupled, .momentum, .decayedMomentum] as [dx_adam])
    func anyLossAndOptimiser(batch: Int, adam: dx_adam) {
        for loss in Loss.allCases {
            var problem = Problem(batch: batch, dims: 300, counts: Self.remainders)
            (problem.loss, problem.adam) = (loss, adam)
            check(problem)
        }
    }

    private func check(_ start: Problem) {
        var problem = start
        let counts = zip(problem.starts, problem.starts.dropFirst()).map { Int($1 - $0) }
        let expected = problem.reference(), loss = problem.run(0..<counts.count)
        let depth = Double(counts.max() ?? 0).squareRoot() + 1
        #expect(abs(loss - expected.loss) <= 1e-6 * expected.loss)
        #expect(largestDifference(problem.dz, expected.dz) < 2e-6 * depth)
        #expect(largestDifference(problem.w, expected.w) < 2e-6 * depth)
        #expect(largestDifference(problem.bias, expected.bias) < 2e-6 * depth)
    }

    @Test func theLossTellsOfNaN() {
        for loss in Loss.allCases {
            var problem = Problem(batch: 4, dims: 20, counts: [3])
            problem.loss = loss
            problem.w[5] = .nan
            #expect(problem.run(0..<1).isNaN)
        }
    }

    @Test func labelsWithoutPairsStay() {
        let before = Problem(batch: 9, dims: 20, counts: [0, 30, 0, 2])
        var after = before
        _ = after.run(0..<4)
        for label in [0, 2] {
            let row = label * before.ld..<(label + 1) * before.ld
            #expect(after.w[row] == before.w[row] && after.mw[row] == before.mw[row] && after.vw[row] == before.vw[row])
            #expect(after.bias[label] == before.bias[label] && after.mb[label] == before.mb[label])
        }
    }

    /// ∂z is summed in ascending order of labels however a range is cut, and whichever way it is summed.
    @Test(arguments: [1, 3, 50, 64, 65, 100]) func cutsGiveTheSameBits(size: Int) {
        let start = Problem(batch: 24, dims: 300, counts: (0..<130).map { $0 * 7 % 19 })
        var whole = start, cut = start
        let loss = whole.run(0..<130)
        var cutLoss = 0.0
        for from in stride(from: 0, to: 130, by: size) { cutLoss += cut.run(from..<min(from + size, 130)) }
        #expect(abs(loss - cutLoss) <= 1e-12 * loss)
        #expect(whole.dz == cut.dz && whole.w == cut.w && whole.mw == cut.mw && whole.vw == cut.vw)
        #expect(whole.bias == cut.bias && whole.mb == cut.mb && whole.vb == cut.vb)
    }

    @Test func logitsOfOneDocument() {
        var sample = Sample(9)
        let ld = 304, w = sample.rows(20, 300, ld: ld), bias = sample.floats(20), z = sample.rows(1, 300, ld: ld)
        let labels: [Int32] = [19, 0, 7, 7, 3]
        var logits = [Float](repeating: .nan, count: labels.count)
        dx_pair_logits(z, w, bias, labels, labels.count, ld, &logits)
        let expected = labels.map { label in
            (0..<ld).reduce(Double(bias[Int(label)])) { $0 + Double(w[Int(label) * ld + $1]) * Double(z[$1]) }
        }
        #expect(largestDifference(logits, expected) < 1e-5)
    }
}
