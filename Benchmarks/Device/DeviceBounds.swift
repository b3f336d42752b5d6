import Devices

/// What a device was measured to do at most.
struct DeviceBounds {
    /// Bytes a second of a copy on the device, read and written.
    var bandwidth: Double
    /// Operations a second of a product of two square matrices.
    var product: Double
    /// Seconds of the smallest kernel, of many in a row.
    var launch: Double

    init(of device: any Device, _ sizes: BenchSizes) throws {
        let from = device.tensor(rows: 1, cols: sizes.copied), to = device.tensor(rows: 1, cols: sizes.copied)
        device.fill(from, 1)
        let copied = try fewestSeconds(on: device, rounds: sizes.rounds) { device.copy(from, to: to) }
        bandwidth = 8 * Double(sizes.copied) / copied

        let a = device.tensor(rows: sizes.side, cols: sizes.side), b = device.tensor(rows: sizes.side, cols: sizes.side)
        let c = device.tensor(rows: sizes.side, cols: sizes.side)
        device.fill(a, 0.5)
        device.fill(b, 0.25)
        let multiplied = try fewestSeconds(on: device, rounds: sizes.rounds) {
            device.multiply(a, b, into: c, accumulate: false)
        }
        product = 2 * Double(sizes.side * sizes.side * sizes.side) / multiplied

        let one = device.tensor(rows: 1, cols: 1), count = 1000
        launch =
            try fewestSeconds(on: device, rounds: sizes.rounds) { for _ in 0..<count { device.fill(one, 1) } } / Double(count)
    }
}

/// The fewest seconds of several rounds, from the first command of `body` to the end of its last one. One round before them warms up.
///
/// - Throws: what the device failed with.
func fewestSeconds(on device: any Device, rounds: Int, _ body: () throws -> Void) throws -> Double {
    let clock = ContinuousClock()
    var fewest = Double.infinity
    for round in 0...rounds {
        let began = clock.now
        try body()
        try device.finish()
        let seconds = (clock.now - began) / .seconds(1)
        if round > 0 { fewest = min(fewest, seconds) }
    }
    return fewest
}
