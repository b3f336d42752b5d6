import Kernels

/// sum += x, element by element.
public func accumulate(_ x: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>, count: Int) {
    dx_add(sum, x, count)
}
