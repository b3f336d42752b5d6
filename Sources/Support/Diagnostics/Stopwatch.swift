/// Seconds since it was started, by the clock that nobody sets: a jump of the wall clock changes no interval.
public struct Stopwatch: Sendable {
    private var start = ContinuousClock.now

    public init() {}

    public var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    public mutating func restart() { start = ContinuousClock.now }
}
