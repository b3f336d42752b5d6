import Support

/// What encoders are made of: products, layers, embeddings and the optimiser.
public protocol EncoderOperations {
    /// One step of the optimiser on the elements `range` (row-major) of a parameter.
    ///
    /// - Parameter gradient: as many floats, one after the other.
    func update(_ parameter: Parameter, _ range: Range<Int>, gradient: Tensor, _ step: OptimiserStep)

    /// sum += x, element by element. Of one shape.
    func add(_ x: Tensor, to sum: Tensor)
}
