/// Where a person wants the workers to compute: `--device`.
public enum DeviceRequest: Sendable, Equatable, CustomStringConvertible {
    /// On GPUs where each worker can have one of its own, beside the processor, else on CPUs.
    case auto
    case cpu
    /// On GPUs; workers share one where there are too few.
    case gpu
    /// All workers of a node on one device, by its number among those that they see.
    case numbered(Int)

    /// - Throws: `Failure(.usage)` for any other word.
    public init(parsing text: String) throws {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "gpu": self = .gpu
        default:
            guard text.hasPrefix("gpu:"), let number = Int(text.dropFirst(4)), (0...1023).contains(number) else {
                throw Failure(
                    .usage, "this is no device", at: "--device", found: text,
                    expected: "auto, cpu, gpu, or gpu:N, N being a device's number from 0",
                    advice: "`deepxml-dist doctor` lists the devices of this machine")
            }
            self = .numbered(number)
        }
    }

    public var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .gpu: "gpu"
        case .numbered(let number): "gpu:\(number)"
        }
    }
}
