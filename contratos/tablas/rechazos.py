"""Por qué no se acepta una tabla o una fila. Dicen fila y columna; jamás lo que había en la celda.

De una columna que no es del formato se dice su posición y no su nombre: sin cabecera, la primera fila es una persona.
"""

from __future__ import annotations

from eventos.rechazo import Rechazo


class RechazoDeTabla(Rechazo):
    """``columna``: nombre en el formato, o «columna N»; ``fila``: línea del archivo (la cabecera, la 1); 0, ninguna."""

    campo = "ARCHIVO"

    def __init__(self, columna: str = "", fila: int = 0) -> None:
        super().__init__(self.codigo)
        self.columna, self.fila = columna, fila

    def __str__(self) -> str:
        donde = ", ".join(filter(None, (f"fila {self.fila}" if self.fila else "", self.columna)))
        return f"{self.codigo}{f' ({donde})' if donde else ''}: {self.que_hacer}"


class ArchivoEntero(RechazoDeTabla):
    """El archivo no se lee: no se envía ninguna fila."""


class DeUnaFila(RechazoDeTabla):
    """Una fila no se envía; las demás siguen."""


class NoSeLee(ArchivoEntero):
    """No se puede abrir, o se corta a la mitad."""

    codigo = "tabla-ilegible"
    que_hacer = "Comprueba la ruta, los permisos y, si es .gz, que esté entero."


class NoEsUtf8(ArchivoEntero):
    """No es texto en UTF-8."""

    codigo = "tabla-no-es-utf8"
    que_hacer = "Guárdala como CSV en UTF-8; una hoja de cálculo (.xlsx, .ods) no es un CSV."


class NoEsCsv(ArchivoEntero):
    """No tiene la forma de un CSV."""

    codigo = "tabla-no-es-csv"
    que_hacer = "Guárdala como CSV: comas entre columnas, comillas bien cerradas y una fila por línea."


class SinFilas(ArchivoEntero):
    """No hay ninguna persona en ella."""

    codigo = "tabla-sin-filas"
    que_hacer = "Tras la cabecera hace falta al menos una fila."


class ColumnaDeIdentidad(ArchivoEntero):
    """Una columna es, o parece, de identidad. Su contenido no se leyó."""

    codigo = "columna-de-identidad"
    que_hacer = (
        "Quita esa columna del archivo y vuelve a intentarlo: la identidad no entra en una tabla; se deposita en la "
        "bóveda («senda boveda»)."
    )


class ColumnaDesconocida(ArchivoEntero):
    """Una columna no es del formato."""

    codigo = "columna-desconocida"
    que_hacer = "Quita esa columna o comprueba --formato; docs/tablas.md dice cuáles hay."


class ColumnaRepetida(ArchivoEntero):
    """Dos columnas se llaman igual."""

    codigo = "columna-repetida"
    que_hacer = "Deja una sola."


class FaltaColumna(ArchivoEntero):
    """Falta una columna que el formato exige."""

    codigo = "falta-columna"
    que_hacer = "Añádela, vacía (o con 0, en CTDC) si no se sabe; la primera fila es la cabecera."


class ColumnasDeMas(DeUnaFila):
    """La fila tiene más celdas que la cabecera."""

    codigo = "fila-con-columnas-de-mas"
    que_hacer = "Revisa las comas de esa fila: una celda con comas va entre comillas."


class ColumnasDeMenos(DeUnaFila):
    """La fila tiene menos celdas que la cabecera."""

    codigo = "fila-incompleta"
    que_hacer = "Revisa las comas de esa fila: lo que no se sabe va vacío, con su coma."


class ValorFueraDeLista(DeUnaFila):
    """La celda no lleva un código del formato."""

    codigo = "valor-fuera-de-lista"
    que_hacer = "Usa un código de los que el estándar da a esa columna, escrito tal cual."


class NiCeroNiUno(DeUnaFila):
    """La celda no es 0 ni 1."""

    codigo = "celda-que-no-es-0-ni-1"
    que_hacer = "En esa columna, 1 si consta y 0 si no consta o no."


class VariosEnUno(DeUnaFila):
    """La celda lleva varios valores y la columna admite uno."""

    codigo = "varios-valores-en-columna-de-uno"
    que_hacer = "Deja un solo código en esa celda."


class ValorRepetido(DeUnaFila):
    """La celda repite un valor."""

    codigo = "valor-repetido-en-la-celda"
    que_hacer = "Deja cada código una sola vez."


class DemasiadosValores(DeUnaFila):
    """La celda lleva más valores de los que Senda admite."""

    codigo = "demasiados-valores"
    que_hacer = "Senda lleva hasta cinco nacionalidades: deja las que hagan falta."


class NoEsAlfa3(DeUnaFila):
    """La celda no es un país."""

    codigo = "pais-que-no-es-alfa-3"
    que_hacer = "Código ISO 3166-1 alfa-3 asignado, en mayúsculas: GTM, HND, PER."


class SinIdExterno(DeUnaFila):
    """La columna de --columna-id va vacía."""

    codigo = "fila-sin-id"
    que_hacer = "Da a cada fila un id propio, que no identifique a nadie; o importa sin --columna-id."


class IdExternoRepetido(DeUnaFila):
    """Dos filas llevan el mismo id."""

    codigo = "id-de-fila-repetido"
    que_hacer = "Cada fila lleva un id distinto en la columna de --columna-id."


class NoEsVictima(DeUnaFila):
    """La fila dice que no fue víctima."""

    codigo = "fila-de-quien-no-es-victima"
    que_hacer = "No se abre una ruta de quien no es víctima: quita la fila, o déjala, que no se envía."


class SinAcuse(DeUnaFila):
    """El servicio no contestó a tiempo."""

    codigo = "sin-acuse"
    que_hacer = "Repite la importación con los mismos datos: lo ya atendido no se repite. O da más --espera."
