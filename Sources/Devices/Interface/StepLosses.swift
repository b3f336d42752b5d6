/// The summed loss of each leaf of a step, which the device may still be working on: reading it waits for that.
public struct StepLosses: Sendable {
    private let reading: @Sendable () -> [Double]

    /// - Parameter losses: known already.
    public init(_ losses: [Double]) { reading = { losses } }

    /// - Parameter reading: waits for the device; called once at most.
    init(reading: @escaping @Sendable () -> [Double]) { self.reading = reading }

    /// One a leaf, before any mean. Call it once; zeros where the device has failed.
    public func values() -> [Double] { reading() }
}
