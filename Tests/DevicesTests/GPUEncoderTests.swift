import Devices
import Support
import Testing

extension GPUTests {
    /// Encoder operations on a GPU device give the CPU's bits.
    @Suite struct GPUEncoderTests {
        private static let vector = (1, 70, 70), matrix = (33, 70, 80)

        @Test func batchNorm() throws {
            try Both.compare([Self.matrix, Self.vector, Self.vector], "moments") {
                $0.columnMoments($1[0], mean: $1[1], squares: $1[2])
            }
            try Both.compare([Self.vector, Self.vector], "deviation") { device, t in
                device.activate(t[0], .relu, into: t[0])
                device.inverseDeviation(squares: t[0], count: 7, eps: 1e-5, into: t[1])
            }
            let vectors = Array(repeating: Self.vector, count: 4), matrices = Array(repeating: Self.matrix, count: 3)
            try Both.compare(matrices + vectors, "batch norm") {
                $0.batchNorm(
                    $1[0], mean: $1[3], inverse: $1[4], weight: $1[5], bias: $1[6], standard: $1[1], into: $1[2])
            }
            try Both.compare(matrices + vectors, "batch norm backward") {
                $0.batchNormBackward(
                    $1[0], standard: $1[1], weight: $1[3], inverse: $1[4], gradientSums: $1[5], gradientProducts: $1[6])
            }
            for count in [Float(0), 1, 9] {
                try Both.compare(vectors + [(1, 1, 1)], "running statistics \(count)") { device, t in
                    device.fill(t[4], count)
                    device.moveRunningStatistics(
                        mean: t[0], variance: t[1], sums: t[2], squares: t[3], count: t[4], blocks: 1, momentum: 0.1)
                }
            }
        }

        @Test func spectralNorm() throws {
            for iterates in [true, false] {
                try Both.compare([(70, 70, 80), Self.vector, Self.vector, (1, 1, 1)], "spectral norm") {
                    $0.normalise($1[1])
                    $0.spectralNorm($1[0], u: $1[1], v: $1[2], iterates: iterates, into: $1[3])
                }
            }
            try Both.compare(
                [(70, 80, 80), (70, 80, 80), (1, 1, 1), Self.vector, Self.vector, (70, 80, 80)], "spectral norm backward"
            ) {
                $0.spectralNormBackward($1[0], normalised: $1[1], sigma: $1[2], u: $1[3], v: $1[4], rows: 3..<60, into: $1[5])
            }
            try Both.compareResults([(1, 20_001, 20_001)], "squares") { device, t -> [Double] in
                device.normalise(t[0])
                return device.squareSums([t[0], t[0].columns(0..<1), t[0].columns(0..<8192), t[0].columns(5..<5)])
            }
        }

        @Test func transformer() throws {
            try Both.compare([Self.matrix, Self.vector, Self.vector, (1, 40, 40), Self.matrix], "layer norm") {
                $0.layerNorm($1[0], weight: $1[1], bias: $1[2], eps: 1e-12, inverse: $1[3], into: $1[4])
            }
            for cols in [64, 75] {
                try Both.compare([(33, cols, 80), (33, cols, 80), (1, cols, cols), (1, 40, 40)], "layer norm backward") {
                    $0.layerNormBackward($1[0], standard: $1[1], weight: $1[2], inverse: $1[3])
                }
            }
            try Both.compare([Self.matrix, Self.vector, Self.matrix], "GELU") { device, t in
                device.scale(t[0], by: 5, into: t[0])
                device.addBiasGelu(t[1], to: t[0], into: t[2])
            }
            try Both.compare([Self.matrix, Self.matrix], "GELU backward") { device, t in
                device.scale(t[1], by: 5, into: t[1])
                device.geluBackward(t[0], x: t[1])
            }
        }

        /// Documents of one vector, none, more than a group takes, and no multiple of the lanes.
        @Test(arguments: [false, true]) func attention(_ drops: Bool) throws {
            let starts: [Int64] = [0, 1, 1, 28, 61]
            let stream = RandomStream(key0: 8, key1: 1, purpose: 4, step: 2)
            let attention = Attention(
                heads: 2, starts: starts, ids: [5, 6, 900, 3], longest: 40, dropout: drops ? (stream, 0.8) : nil)
            try Both.compare([(61, 60, 60), (61, 20, 32)], "attention") { device, t in
                device.scale(t[0], by: 3, into: t[0])
                device.attention(t[0], attention, into: t[1])
            }
            try Both.compare([(61, 60, 60), (61, 20, 32)], "attention backward") { device, t in
                device.scale(t[0], by: 3, into: t[0])
                device.attentionBackward(t[1], attention, projections: t[0])
            }
        }

        private static let starts: [Int64] = [0, 3, 3, 4, 13]

        @Test func sequences() throws {
            let vectors = (13, 20, 32), rows = (4, 20, 20), weights = (1, 13, 13)
            for isMean in [true, false] {
                try Both.compare([vectors, rows, weights], "reduce") {
                    $0.reduce($1[0], starts: Self.starts, weights: $1[2], isMean: isMean, into: $1[1])
                }
                try Both.compare([vectors, rows], "reduce backward") {
                    $0.reduceBackward($1[1], starts: Self.starts, weights: nil, isMean: isMean, into: $1[0])
                }
            }
            for size in [1, 3, 4] {
                try Both.compare([vectors, (13, 20 * size, 20 * size)], "windows") {
                    $0.windows($1[0], starts: Self.starts, size: size, into: $1[1])
                }
                try Both.compare([vectors, (13, 20 * size, 20 * size)], "windows backward") {
                    $0.windowsBackward($1[1], starts: Self.starts, size: size, addedTo: $1[0])
                }
            }
            try Both.compare([vectors, (1, 20, 20), (4, 60, 64), (4, 60, 60), (4, 60, 60)], "chunk max") {
                $0.chunkMax($1[0], starts: Self.starts, bias: $1[1], chunks: 3, into: $1[2], places: $1[3])
                $0.chunkMaxBackward($1[4], starts: Self.starts, chunks: 3, places: $1[3], into: $1[0])
            }
        }

        @Test(arguments: RecurrentCell.allCases) func recurrent(_ cell: RecurrentCell) throws {
            // Lengths 4, 3, 3, 1.
            let starts = [0, 4, 7, 10, 11], hidden = 20, gates = cell.gates * hidden
            let states = (11, hidden, 32), tight = (11, hidden, hidden), wide = (11, gates, gates)
            for isReverse in [false, true] {
                let steps = RecurrentSteps(cell: cell, isReverse: isReverse, starts: starts)
                try Both.compare(
                    [
                        wide, wide, tight, tight, tight, (1, gates, gates), (1, gates, gates), (gates, hidden, hidden), states,
                        states,
                    ],
                    "\(cell)"
                ) { device, t in
                    let recurrent = cell == .gru ? t[1] : t[0]
                    let memory = RecurrentMemory(gates: t[0], recurrent: recurrent, before: t[2], cells: t[3], cellGradient: t[4])
                    let forward = device.preparedMatrix(inner: hidden, cols: gates)
                    device.prepare(forward, from: t[7], transposed: true)
                    device.recurrentForward(steps, weights: forward, biasX: t[5], biasH: t[6], memory, into: t[8])
                    let backward = device.preparedMatrix(inner: gates, cols: hidden)
                    device.prepare(backward, from: t[7], transposed: false)
                    device.recurrentBackward(steps, weights: backward, memory, dStates: t[9])
                }
            }
        }
    }
}
