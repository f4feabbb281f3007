"""Un archivo ajeno: nada de lo que traiga se repite, y nada de lo que traiga llena la memoria."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from contratos.tablas import formato, leer, rechazos
from infra.azar import AzarSembrado
from senda.cliente import Credencial
from senda.tablas.archivo import filas, parece_identidad
from senda.tablas.importacion import Tabla, comprobar
from senda.tablas.informe import DETALLADOS
from senda.tablas.peticiones import Circunstancias

CTDC = formato("ctdc")
HTCDS = formato("htcds")
CABECERA = ",".join(c.nombre for c in CTDC.columnas)
FILA = ",".join(["2", "1", *"10101010", "1", "0", *"0010", "0", "1", "1"])
MINIMA = "vic_TraffickingStatus,vic_TypeOfExploitation,vic_MethodsOfControl,prs_Gender,prs_Citizenship"
SECRETO = "Juana Pérez"


def escrito(tmp_path, texto, nombre="t.csv"):
    archivo = tmp_path / nombre
    archivo.write_bytes(texto if isinstance(texto, bytes) else texto.encode())
    return archivo


def informe(archivo, suyo=CTDC, columna_id=None):
    credencial = Credencial.generar("GT-MP", AzarSembrado(1))
    return comprobar(Tabla(archivo, suyo, Circunstancias(pais="gt"), columna_id), credencial)


@pytest.mark.parametrize(
    ("texto", "codigo"),
    [
        (b"", "falta-columna"),
        (CABECERA, "tabla-sin-filas"),
        (CABECERA + "\n\n\n", "tabla-sin-filas"),
        (FILA, "columna-desconocida"),
        (CABECERA.replace("Woman", "Women") + "\n" + FILA, "columna-desconocida"),
        (CABECERA.removesuffix(",Is Citizen of Country") + "\n" + FILA, "falta-columna"),
        (CABECERA + ",Woman\n" + FILA + ",1", "columna-repetida"),
        (CABECERA + f",Telefono\n{FILA},{SECRETO}", "columna-de-identidad"),
        (CABECERA + "\n" + FILA + '\n"' + FILA, "tabla-no-es-csv"),
        (CABECERA + "\n" + "1," * 100_000, "tabla-no-es-csv"),
        ((CABECERA + "\n" + FILA + "\n").encode() + b"\xff\xfe\xfa", "tabla-no-es-utf8"),
        (b"PK\x03\x04\xff\xff\x00\x00", "tabla-no-es-utf8"),
    ],
)
def test_lo_que_no_es_la_tabla_se_rechaza_entero_y_sin_repetirlo(tmp_path, texto, codigo):
    with pytest.raises(rechazos.ArchivoEntero) as error:
        list(filas(escrito(tmp_path, texto), CTDC))

    assert error.value.codigo == codigo
    assert SECRETO not in str(error.value)


def test_lo_que_no_se_puede_abrir_se_dice(tmp_path):
    cortado = escrito(tmp_path, gzip.compress(f"{CABECERA}\n{FILA}\n".encode())[:-9], "t.csv.gz")
    for archivo in (tmp_path / "no-existe.csv", tmp_path, escrito(tmp_path, "hola", "x.csv.gz"), cortado):
        with pytest.raises(rechazos.NoSeLee):
            list(filas(archivo, CTDC))


def test_comprimida_y_con_marca_de_orden_tambien_se_lee(tmp_path):
    texto = ("\ufeff" + CABECERA + "\r\n" + FILA + "\r\n").encode()

    assert informe(escrito(tmp_path, gzip.compress(texto), "t.csv.gz")).leidas == 1
    assert informe(escrito(tmp_path, texto)).rechazadas == 0


@pytest.mark.parametrize("columna", ["prs_FirstName", "prs_Birthdate", "cco_CaseComment", "hte_Street"])
def test_las_columnas_de_identidad_del_estandar_no_se_leen(tmp_path, columna):
    archivo = escrito(tmp_path, f"{MINIMA},{columna}\nPossibleVictimOfTrafficking,,,,,{SECRETO}\n")

    with pytest.raises(rechazos.ColumnaDeIdentidad) as error:
        list(filas(archivo, HTCDS))

    assert columna in str(error.value)
    assert "bóveda" in str(error.value)


@pytest.mark.parametrize(
    "nombre", ["Nombre completo", "APELLIDOS", "No. de teléfono", "DPI", "e-mail", "Fecha de nacimiento", "first_name"]
)
def test_una_columna_ajena_con_aspecto_de_identidad_se_reconoce_y_no_se_repite(tmp_path, nombre):
    assert parece_identidad(nombre)
    with pytest.raises(rechazos.ColumnaDeIdentidad) as error:
        list(filas(escrito(tmp_path, f"{MINIMA},{nombre}\n"), HTCDS))
    assert nombre not in str(error.value)
    assert "columna 6" in str(error.value)


def test_sin_cabecera_la_primera_persona_no_sale_en_el_mensaje(tmp_path):
    with pytest.raises(rechazos.ColumnaDesconocida) as error:
        list(filas(escrito(tmp_path, f"{SECRETO},x\n"), HTCDS))
    assert "columna 1" in str(error.value)
    assert "Juana" not in str(error.value)


@pytest.mark.parametrize(
    ("cambio", "codigo", "columna"),
    [
        (FILA + ",1", "fila-con-columnas-de-mas", "columna 20"),
        (FILA.removesuffix(",1"), "fila-incompleta", "Is Citizen of Country"),
        ("12" + FILA[1:], "valor-fuera-de-lista", "Age Band"),
        ("=cmd|x" + FILA[1:], "valor-fuera-de-lista", "Age Band"),
        ("-1" + FILA[1:], "valor-fuera-de-lista", "Age Band"),
        ("１" + FILA[1:], "valor-fuera-de-lista", "Age Band"),
        (FILA[:-1] + "2", "celda-que-no-es-0-ni-1", "Is Citizen of Country"),
        (FILA[:-1] + SECRETO, "celda-que-no-es-0-ni-1", "Is Citizen of Country"),
        (FILA[:-1], "celda-que-no-es-0-ni-1", "Is Citizen of Country"),
    ],
)
def test_una_fila_mala_se_dice_con_su_linea_y_columna_y_las_demas_siguen(tmp_path, cambio, codigo, columna):
    dicho = informe(escrito(tmp_path, f"{CABECERA}\n{FILA}\n{cambio}\n{FILA}")).llano()

    assert dicho["detalle"] == [{"fila": 3, "columna": columna, "codigo": codigo}]
    assert dicho["filas_leidas"] == 3
    assert dicho["se_enviarian"]["senda.deteccion.detectar-presunta-victima.v1"] == 2
    assert SECRETO not in str(dicho)


@pytest.mark.parametrize(
    ("fila", "codigo"),
    [
        ("PossibleVictimOfTrafficking;ActualVictimOfTrafficking,,,,", "varios-valores-en-columna-de-uno"),
        ("PossibleVictimOfTrafficking,Other;Other,,,", "valor-repetido-en-la-celda"),
        ("PossibleVictimOfTrafficking,other,,,", "valor-fuera-de-lista"),
        ("PossibleVictimOfTrafficking,,,,GT", "pais-que-no-es-alfa-3"),
        ("PossibleVictimOfTrafficking,,,,GTM;HND;SLV;MEX;PER;BRA", "demasiados-valores"),
        ("NotAVictimOfTrafficking,,,,", "fila-de-quien-no-es-victima"),
    ],
)
def test_lo_que_htcds_no_admite_se_dice(tmp_path, fila, codigo):
    dicho = informe(escrito(tmp_path, f"{MINIMA}\n{fila}\n"), HTCDS).llano()

    assert [r["codigo"] for r in dicho["rechazos"]] == [codigo]


def test_lo_que_se_pierde_se_cuenta_por_columna_y_valor_de_lista_publica(tmp_path):
    cabecera = MINIMA + ",prs_MaritalStatus,org_Name,hte_Type,hte_Country,prs_PrimaryLanguage"
    fila = f"ActualVictimOfTrafficking,,,,,{{}},{SECRETO},Transit,HND,myn"
    archivo = escrito(tmp_path, "\n".join([cabecera, *(fila.format(v) for v in ("Single", "Single", SECRETO))]))

    dicho = informe(archivo, HTCDS).llano()

    perdidas = {(p["columna"], p["valor"]): p["veces"] for p in dicho["perdidas"]}
    assert perdidas == {
        ("prs_MaritalStatus", "Single"): 2, ("prs_MaritalStatus", ""): 1, ("org_Name", ""): 3,
        ("hte_Type", "Transit"): 3, ("prs_PrimaryLanguage", "myn"): 3,
    }  # fmt: skip
    assert SECRETO not in str(dicho)


def test_el_id_ajeno_se_exige_en_cada_fila_y_una_sola_vez(tmp_path):
    archivo = escrito(tmp_path, f"caso,{CABECERA}\na1,{FILA}\n,{FILA}\na1,{FILA}\na2,{FILA}\n")

    dicho = informe(archivo, columna_id="caso").llano()

    assert [(d["fila"], d["codigo"]) for d in dicho["detalle"]] == [(3, "fila-sin-id"), (4, "id-de-fila-repetido")]
    with pytest.raises(rechazos.FaltaColumna):
        list(filas(escrito(tmp_path, CABECERA), CTDC, "otra"))


def test_un_archivo_enorme_y_malo_no_llena_la_memoria(tmp_path):
    archivo = escrito(tmp_path, CABECERA + "\n" + "x\n" * 200_000)
    tracemalloc.start()
    dicho = informe(archivo)
    _, maximo = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert dicho.rechazadas == 200_000
    assert len(dicho.detalle) == DETALLADOS
    assert dicho.llano()["detalle_completo"] is False
    assert maximo < 8_000_000


def test_dos_generos_en_ctdc_son_uno_en_senda_y_se_dice():
    celdas = {c.nombre: "0" for c in CTDC.columnas} | {"Woman": "1", "Trans/NonConforming": "1"}

    leida = leer(CTDC, celdas)

    assert leida.ficha.genero == "trans-o-no-conforme"
    assert "femenino" in {p.valor for p in leida.perdidas}
