"""El juego de conformidad: pone a un cliente de institución contra un Senda de verdad y contra un bus que falla."""
