import Glibc
import Support

/// CPU seconds of this thread: other processes on the machine don't count.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// The least CPU seconds of one call of each body over `rounds` rounds, the bodies taking turns.
func fastest(_ rounds: Int, _ bodies: [() -> Void]) -> [Double] {
    var best = [Double](repeating: .infinity, count: bodies.count)
    for body in bodies { body() }
    for _ in 0..<rounds {
        for (i, body) in bodies.enumerated() {
            let began = cpuSeconds()
            body()
            best[i] = min(best[i], cpuSeconds() - began)
        }
    }
    return best
}

/// One line of the table.
func report(_ what: String, _ figure: String, _ bound: String, _ ratio: Double, _ target: String) {
    func fixed(_ x: Double) -> String { String((x * 1000).rounded() / 1000) }
    print("| \(what) | \(figure) | \(bound) | \(fixed(ratio)) | \(target) |")
}

func rounded(_ x: Double) -> String { String((x * 10).rounded() / 10) }
