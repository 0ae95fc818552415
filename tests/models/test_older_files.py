"""Files that earlier versions wrote load right, whatever has changed in the interface since."""

import base64
import zlib

import numpy as np
import pytest

from fastrnn.models import load_model

#: What version 0.1 wrote: ``Sequential([Input((None, 1)), Bidirectional(GRU(2, reset_after=True,
#: return_sequences=True)), GRU(1)])``, compiled with Adam and the mean squared error, after three
#: steps on X and Y.  There `get_weights` had the gates in the order r, z, n, as files have them.
VERSION_0_1 = (
    "c-qBPeQ?v}9cIVZV6YSl{iD~V%w@S-^4iviEy*_6g_wqq=GwxMK}e!1wrs1hr69?KkOWv^jF!Psdh`;))*gkd<BpY<Ej"
    "SiY7|;TxrRAU{q;#X)Hrg<b@-aR(*!D_FNO0`nv%5|I>8IcOJkR_5J`{Rri2l@>Xgb2mjGvJinl?G>OaVrcMV>b~O?71"
    "^Ux@WpNzq7|$vFwWi9Q^2;tb}ee15FV1Yj&6h!IAnm$0J53A~nvYT=0BXT#c?1`=i@iRPIIYrxE77e`rM=9sVn5oT)PY"
    "3<vhB-yk0>Zts*mSSZ41U|q8d!YStZFNsxAS^I4-lMATIHw(_Q6nsc7$bcV9}S1WB(%Jt0VI<+o%3@d>yzP?dR3;y8#Z"
    "(%y>`*u`ALu}IYy#6p405$mZdyg%8G(C;JBu~pBUp(Wu_`t<k@f<s6}Bx6y*6lr&TeDIEiKby}$-n-`SuTHBLaEqM`^3"
    "ng-!Bq8t)}DNGGAoY6oQL@(9=a*>r-nPvjAfiH_u)(Fc{k*6iSt$eK1|63GF(gT?OCb6_;cyERQ8)3yDOKTn5)8+#2W8"
    "}m}s_fqqT0^C1o&SEB6MF7{Rqfs(`oGmXz=Wlg1;6+4Ud7Sm6)(U4Vp6|lq?5`bl*RGABJ~YO2Svuu!L<8&i-WottsnF"
    "#uFt<9Nhz!-W*L6o;wU4s{u!buh$*TJm$AtCjBTh(6{=+}GKj^~{7kZ9G7(7=eV;XzaM5d3bWTDnj(Y*DC*aUSzA#tK>"
    ";2KUPqf$)CLFzQ$*|QD7w*~ktQjG-STHP9!r@4U5oQ@tvz3OHu?8c8=q0LQxnM}9{j86v?W=!711v}4&{-=PUsVkw`t_"
    "P>e=B_`;J@lA95Vr9znh$kFhG<8lm1T=0s+`WFn19GY*hJRn8qNbMn#jM+9*I`gTnUB%Yz7#$|f;@Vn{LuIL4WJ0TBU8"
    "P=ldn<Oak9r~?}eH%mJpI>2nYANo$R4t{%lAObuMFgw<V@E{#FkPO9+0UYV4BmH}!$?zZ+z)@Y*y@_{5tl#DUKzM)?NZ"
    "J$`bpRv)IAu$lB+GVyRKSKm(6%f_1){^nfuzfj;SxcB9kHd$k)>yl3E1reJj-yLAQG?>w&Z9TjTS@$1e!u$mSYBS0f8l"
    "`UGlAt8H5J}iKR`EQO7_6KsboBNwRDiNCimS18vJ<%pf`-9ay>y8JPz00fiFja%AZlWC9d1z_Sd;3?c!FB$A_LG-ePDI"
    "ItA@vK%vr3miC9+c3#^Zf(Y0#JTB;bD3AU)a+HTcMDz5&h#pY@y1uqI}R6nm0|Cro|bE0s>?4Bo)T(E$EGbKJ8HbR=jN"
    "wlJElCk$$e(RIM4p)NcB5c8{Iq3f8zf9!0*)P+Sk<mvp-hF>%%=?J$AHx*_?@<uWJgGlXnYUomioZdd#c*_GqCpc7fNG"
    "7{8V0RqAN3%d{!376(tO+q+k*radOlUe^it^Ti|FpNH0|+oGJ?lQ%?V<8wOP)YmFWceU4p_oki*0?*`@ol{?4iK|l!CV"
    "M_z(x{$V?sZkJ^1A*EapyjJ(LJZ}=j{jXjB{_9mFJOX7JHbHThtF<EAQCho!D_|a)mmgex>@8gQWX6!g=?qS94YRpEVs"
    "TW|z2~owr-}+-#?+Hkh5lhR>X|+!()fquZ4jpHO#~ELl_IYGfz2E*yC&*8be@+v+ZiS4zf|xz^4bsVof~Yn^cFn!W2Ey"
    "Y?PA-X4qHekaDaucHopRYhD5e@L8p@fh_d`K$vs{WKOSZFNlOK2J4`Dr;N$t2;6CUscCna$20*o*2C^F>ZZ)gR|mzv!d"
    "pAkwafOL3Y0Jep_KqzT>+eELYZiFLz2s=Q@JF^b4}+8$eyjJrrAds5HLd`Y_kOs>bgLJvoXz`|tuXRyRDRTGzL2AM0@5"
    "-iyV{fBd4-gf>sPuya)G58lyjKifTX-~RPEt<zq5hbYclt&~ztWYMc1IbJ9nJ!SL8me`YPpNQAL+oZfT?BQ7MH<Tj|x|"
    "A`lTwr~@&HA*^guTRd<6X6j@tsG;5{Yr_^1m&m<PYo{Lo4!k*XJO2roM$<*<EIvf9!^B=-(YSY5d88Uw-jOKJ|FBxhWp"
    "AcAR;`+Wf%`>z6Zf3NHTeY(ZQ7N$cg3Td1SbY^~bA6TOHHMdHJ6B6BU15oApq9dUO9e(hi(kr-EYJcFP9WT|~?!Bz7^="
    "l*D3)p!*3IyWOV&;Q6?L9HN`QAGuvf173Ac(c*+`kRNWFXvpxwl~;p?&471uJ2C+TNhphV_qOF<BrckTdLm1-u(48Y}F"
    "%XyW6&uJh*R~<x2N-L|OO|F?(ET{_3}@!REu5-EvMa*Vdm#KRZ30D5_X*y|HyIcI1L!-*Ua&a(L@5L|${%{vWF=CEx"
)
X = np.sin(np.arange(8.0)).reshape(2, 4, 1)
Y = np.array([[0.3], [-0.2]])


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.safetensors"
    path.write_bytes(zlib.decompress(base64.b85decode(VERSION_0_1)))
    return load_model(path)


def test_answers_and_steps_are_those_of_then(old):
    np.testing.assert_allclose(old.predict(X), [[0.12245607], [0.01855063]], rtol=1e-6)
    # With the optimizer's memory too, whose columns have the same order.
    losses = [old.train_on_batch(X, Y) for _ in range(3)]
    expected = [0.03964311257004738, 0.039209138602018356, 0.03878289274871349]
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_the_gates_come_out_in_keras_s_order(old):
    kernel, _, bias, *_ = old.get_weights()
    r, z, n = [-0.36439615, -0.42071000], [-0.25960267, 0.63554585], [0.40865871, 0.13115454]
    np.testing.assert_allclose(kernel, [z + r + n], rtol=1e-6)
    r, z = [-0.00298261, 0.00299059], [0.00297849, -0.0029924]
    np.testing.assert_allclose(bias[0, :4], z + r, rtol=1e-5)


def test_a_file_that_is_written_again_is_the_same(old, tmp_path):
    old.save(tmp_path / "new.safetensors")
    content = (tmp_path / "new.safetensors").read_bytes()
    assert content == zlib.decompress(base64.b85decode(VERSION_0_1))
