"""De la solicitud firmada en su cola al libro: Senda entera contra las primitivas y contra lo que otros escogerían."""
