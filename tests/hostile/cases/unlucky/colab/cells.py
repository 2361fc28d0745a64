# %%
from google.colab import drive
drive.mount("/content/drive", force_remount=True)
%cd /content/drive/MyDrive/Deep/TP1
!ls -la
!nvidia-smi
# %%
!pip install -q torch==2.1 torchvision
%pip install -U matplotlib
# %%
#right
